/** The client of the i-PI protocol: a potential of ours does what i-PI or ASE's SocketIOCalculator asks. */
import { connect, type Socket } from "node:net";
import { type Labels, type SocketAddress, virialOfStress } from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import { Connection, IpiDisconnected, socketPath } from "./ipi-server.js";

export interface ServedLabels extends Labels {
  /** What else there is to say, as JSON: i-PI keeps it beside the forces, ASE leaves it unread. */
  readonly extra?: string;
}

export interface IpiService {
  readonly address: SocketAddress;
  /**
   * Positions [atom, xyz] and the cell as rows, Å. The atoms and their order are agreed on beforehand: the protocol does not say
   * them. Stress undefined becomes a virial of zeros.
   */
  evaluate(positions: Float64Array, cell: Float64Array): ServedLabels | Promise<ServedLabels>;
  /** Number of atoms; a structure of any other number is refused. */
  readonly atoms: number;
  /** How long to wait for a server that is not there yet, s. Default 30. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
}

/** Serves until the server says EXIT or leaves; resolves with the number of structures done. */
export async function serveIpi(service: IpiService): Promise<number> {
  const socket = await connected(service);
  const connection = new Connection(socket);
  const stop = () => connection.destroy();
  service.signal?.addEventListener("abort", stop, { once: true });
  try {
    return await serve(connection, service);
  } catch (error) {
    if (error instanceof IpiDisconnected) return served.get(connection) ?? 0;
    throw error;
  } finally {
    service.signal?.removeEventListener("abort", stop);
    connection.destroy();
  }
}

/** Structures done over a connection that may break at any moment. */
const served = new WeakMap<Connection, number>();

async function serve(connection: Connection, service: IpiService): Promise<number> {
  let status: "NEEDINIT" | "READY" | "HAVEDATA" = "NEEDINIT";
  let labels: ServedLabels | undefined;
  let cell: Float64Array | undefined;
  for (;;) {
    const message = await connection.next();
    if (message.word === "EXIT") return served.get(connection) ?? 0;
    if (message.word === "STATUS") connection.send({ word: status });
    else if (message.word === "INIT") status = "READY";
    else if (message.word === "POSDATA") {
      checkCount(message.positions.length / 3, service.atoms);
      cell = message.cell;
      labels = await service.evaluate(message.positions, message.cell);
      status = "HAVEDATA";
    } else if (message.word === "GETFORCE" && labels !== undefined) {
      const virial = virialOfStress(labels.stress, cell);
      const { energy, forces, extra = "" } = labels;
      connection.send({ word: "FORCEREADY", energy, forces, virial, extra });
      served.set(connection, (served.get(connection) ?? 0) + 1);
      labels = undefined;
      // As i-PI's own driver does: the server says anew for which replica the next positions are.
      status = "NEEDINIT";
    } else throw outOfTurn(message.word);
  }
}

const outOfTurn = (word: string): InputError =>
  new InputError({
    code: "bad-message",
    problem: `The server has said ${word} out of turn.`,
    remedy: "Check that the program at the other end of the socket is a server of the i-PI protocol.",
  });

function checkCount(found: number, expected: number): void {
  if (found === expected) return;
  throw new InputError({
    code: "atom-count",
    problem: `The server has sent ${found} atoms, and the potential serves ${expected}.`,
    remedy: "Start both with the same structure.",
  });
}

async function connected({ address, patience = 30, signal }: IpiService): Promise<Socket> {
  const until = Date.now() + patience * 1000;
  for (;;) {
    const socket = "unix" in address ? connect(socketPath(address.unix)) : connect(address.port, address.host);
    const error = await new Promise<Error | undefined>((resolve) => {
      socket.once("connect", () => resolve(undefined));
      socket.once("error", resolve);
    });
    if (error === undefined) {
      socket.setNoDelay(true);
      return socket;
    }
    socket.destroy();
    if (Date.now() > until || signal?.aborted === true) throw nobodyThere(address, error);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const nobodyThere = (address: SocketAddress, cause: Error): InputError =>
  new InputError(
    {
      code: "no-socket",
      problem: `Nobody listens at ${"unix" in address ? socketPath(address.unix) : `${address.host}:${address.port}`}: ${cause.message}.`,
      remedy: "Start the server first, with the same name or port.",
    },
    { cause },
  );
