/** Where a command writes: results to `out`, progress and troubles to `err`. Tests give their own. */

/** The part of a stream that we use. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** May be 0 or undefined even on a terminal. */
  readonly columns?: number | undefined;
}

export interface Terminal {
  readonly out: TextStream;
  readonly err: TextStream;
}

export const printLine = (stream: TextStream, text: string): void => {
  stream.write(text.endsWith("\n") ? text : `${text}\n`);
};
