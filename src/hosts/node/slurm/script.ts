/**
 * What runs on a node. A batch has a directory: `batch.sh` is the script of the array, `task-K.sh` the command of its K-th task,
 * `task-K.out` what that printed, `task-K.end` its exit code. `owner` is the number of the array that the batch belongs to: where a
 * batch was submitted twice, because the submitter died before it knew, all tasks of the second array find it and leave.
 */
import type { Job } from "./jobs.js";
import type { SlurmSettings } from "./settings.js";

export const batchFiles = {
  script: "batch.sh",
  /** Has the name of the array: what a run in the same directory before this one has left in the queue is not ours. */
  name: "name",
  owner: "owner",
  task: (index: number) => `task-${index}.sh`,
  output: (index: number) => `task-${index}.out`,
  end: (index: number) => `task-${index}.end`,
  /** There where the job has been given up here and submitted anew: should Slurm start it after all, it leaves. */
  left: (index: number) => `task-${index}.left`,
} as const;

/** A word for a shell, whatever is in it. */
export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export function batchScript(directory: string, { shell, modules, setup }: SlurmSettings): string {
  return [
    `#!${shell.join(" ")}`,
    `batch=${quoted(directory)}`,
    "task=$SLURM_ARRAY_TASK_ID",
    "job=$SLURM_ARRAY_JOB_ID",
    '[ "$(cat "$batch/name")" = "$SLURM_JOB_NAME" ] || exit 0',
    // A link is made by one only, on all file systems that clusters share.
    'echo "$job" > "$batch/owner.$job.$task"',
    'ln "$batch/owner.$job.$task" "$batch/owner" 2> /dev/null',
    'rm -f "$batch/owner.$job.$task"',
    '[ "$(cat "$batch/owner")" = "$job" ] || exit 0',
    '[ -e "$batch/task-$task.left" ] && exit 0',
    // Of a run before the job was requeued.
    'rm -f "$batch/task-$task.end"',
    ...(modules.length === 0 ? [] : [`module load ${modules.map(quoted).join(" ")}`]),
    ...setup,
    '/bin/sh "$batch/task-$task.sh"',
    "code=$?",
    'echo "$code" > "$batch/task-$task.end.$job"',
    'mv "$batch/task-$task.end.$job" "$batch/task-$task.end"',
    "exit $code",
    "",
  ].join("\n");
}

export function taskScript({ words, directory, environment = {}, done }: Job, { command }: SlurmSettings): string {
  const variables = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [
    `cd ${quoted(directory)} || exit 125`,
    // A job that was requeued after its last act has nothing left to do.
    ...(done === undefined ? [] : [`[ -e ${quoted(done)} ] && exit 0`]),
    ...variables,
    [...command, ...words].map(quoted).join(" "),
    "",
  ].join("\n");
}
