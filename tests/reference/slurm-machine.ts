/** A Slurm of this machine alone, with everything that it needs in a folder of its own: for tests, and gone after them. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const programs = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol"];
const path = `${process.env.PATH}:/usr/sbin:/sbin`;

/** What is missing for it; undefined where everything is here. */
export function missingOfSlurm(): string | undefined {
  const missing = programs.filter(
    (name) => spawnSync("/bin/sh", ["-c", `command -v ${name}`], { env: { PATH: path } }).status !== 0,
  );
  return missing.length === 0 ? undefined : `There is no ${missing.join(", ")} (apt-get install slurm-wlm)`;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, "listening");
    ports.push((server.address() as { port: number }).port);
  }
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

export class SlurmMachine {
  readonly folder: string;
  /** For processes that are to see this Slurm. */
  readonly environment: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.folder = folder;
    this.environment = { ...process.env, PATH: path, SLURM_CONF: join(folder, "slurm.conf") };
  }

  /** Resolves when the node takes jobs. */
  static async start(): Promise<SlurmMachine> {
    const machine = new SlurmMachine(mkdtempSync(join(tmpdir(), "potluck-slurm-")));
    await machine.#prepare();
    machine.#munge();
    machine.startController();
    machine.startNode();
    await machine.#until("the node is idle", async () =>
      (await machine.ask("sinfo", "--noheader", "--format=%t")).startsWith("idle"),
    );
    return machine;
  }

  async ask(program: string, ...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(program, words, { env: this.environment }).catch(() => ({
      stdout: "",
    }));
    return stdout;
  }

  startController(): void {
    execFileSync("slurmctld", [], { env: this.environment });
  }

  startNode(): void {
    execFileSync("slurmd", ["-N", hostname()], { env: this.environment });
  }

  /** The node dies: its daemon, and everything that runs there for a job. */
  async killNode(): Promise<void> {
    process.kill(this.#pid("d.pid"), "SIGKILL");
    for (const pid of this.#jobProcesses()) killed(pid);
    await this.#until("nothing of a job is left", async () => this.#jobProcesses().length === 0);
  }

  killController(): void {
    process.kill(this.#pid("ctld.pid"), "SIGKILL");
  }

  /** Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await this.ask("scancel", "--user", userInfo().username);
    await pause(300);
    for (const name of ["d.pid", "ctld.pid", "munge/munged.pid"]) {
      const pid = this.#pid(name);
      killed(pid, "SIGTERM");
      await this.#until(`${name} has ended`, async () => !existsSync(`/proc/${pid}`), 10).catch(() => killed(pid));
    }
    for (const pid of this.#jobProcesses()) killed(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #pid(name: string): number {
    return Number(readFileSync(join(this.folder, name), "utf8"));
  }

  /** slurmstepd of ours, and all processes with this configuration in their environment that work for a job. */
  #jobProcesses(): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          const [command, environment] = ["cmdline", "environ"].map((file) =>
            readFileSync(`/proc/${pid}/${file}`, "latin1"),
          );
          if (!environment!.includes(this.folder)) return false;
          return command!.startsWith("slurmstepd") || environment!.includes("SLURM_JOB_ID=");
        } catch {
          return false;
        }
      });
  }

  async #prepare(): Promise<void> {
    for (const name of ["ctld", "d", "log", "munge"])
      mkdirSync(join(this.folder, name), { recursive: true, mode: 0o755 });
    execFileSync("chmod", ["755", this.folder]);
    writeFileSync(join(this.folder, "munge", "munge.key"), randomBytes(128), { mode: 0o600 });
    writeFileSync(join(this.folder, "slurm.conf"), configuration(this.folder, await freePorts(2)));
  }

  #munge(): void {
    const place = join(this.folder, "munge");
    const files = {
      "key-file": "munge.key",
      socket: "munge.sock",
      "pid-file": "munged.pid",
      "log-file": "munged.log",
      "seed-file": "seed",
    };
    execFileSync(
      "munged",
      Object.entries(files).map(([key, name]) => `--${key}=${join(place, name)}`),
      { env: this.environment },
    );
  }

  async #until(what: string, holds: () => Promise<boolean>, seconds = 30): Promise<void> {
    const end = Date.now() + 1000 * seconds;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}\n${this.#logs()}`);
      await pause(100);
    }
  }

  #logs(): string {
    const folder = join(this.folder, "log");
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "utf8").split("\n").slice(-15).join("\n"))
      .join("\n");
  }
}

function killed(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

const configuration = (folder: string, [controller, node]: readonly number[]): string => `ClusterName=potluck
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmUser=${userInfo().username}
SlurmdUser=${userInfo().username}
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket=${folder}/munge/munge.sock,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=${controller}
SlurmdPort=${node}
StateSaveLocation=${folder}/ctld
SlurmdSpoolDir=${folder}/d
SlurmctldPidFile=${folder}/ctld.pid
SlurmdPidFile=${folder}/d.pid
SlurmctldLogFile=${folder}/log/ctld.log
SlurmdLogFile=${folder}/log/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
SchedulerParameters=sched_interval=1,bf_interval=2,sched_min_interval=100000
SlurmdParameters=config_overrides
SlurmdTimeout=5
KillWait=2
MessageTimeout=10
NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=8 RealMemory=4000 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
