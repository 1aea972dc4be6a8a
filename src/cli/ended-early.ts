/** A simulation ended before its time; everything has been said, only the exit code is left: 3 for doubt, 1 for nonsense. */
export class EndedEarly extends Error {
  readonly exitCode: 1 | 3;

  constructor(message: string, exitCode: 1 | 3) {
    super(message);
    this.exitCode = exitCode;
  }
}
