/** A terminal that keeps what is written. */
import type { Terminal, TextStream } from "../../src/cli/terminal.js";

export class MemoryStream implements TextStream {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number | undefined;

  constructor({ isTTY = false, columns }: { readonly isTTY?: boolean; readonly columns?: number } = {}) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }
}

export interface MemoryTerminal extends Terminal {
  readonly out: MemoryStream;
  readonly err: MemoryStream;
}

export const memoryTerminal = (): MemoryTerminal => ({ out: new MemoryStream(), err: new MemoryStream() });
