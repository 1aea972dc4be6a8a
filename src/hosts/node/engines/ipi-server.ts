/**
 * The server of the i-PI protocol: it listens, a program connects, and each structure goes there and back. The connection stays,
 * and with it whatever the program has ready (wave functions, neighbour lists).
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import {
  encodeMessage,
  type ForceData,
  IpiDecoder,
  type IpiMessage,
  type SocketAddress,
} from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";

export interface Positions {
  /** Rows, Å */
  readonly cell: Float64Array;
  /** [atom, xyz], Å */
  readonly positions: Float64Array;
}

/** The program has left, or was never there. */
export class IpiDisconnected extends Error {
  override readonly name = "IpiDisconnected";
}

/** Where the socket of a name is: all programs that speak i-PI add this. */
export const socketPath = (name: string): string => `/tmp/ipi_${name}`;

/** A name for a socket that nobody else has. */
export const freeSocketName = (): string => `potluck-${process.pid}-${randomBytes(4).toString("hex")}`;

export class IpiServer {
  readonly address: SocketAddress;
  private readonly server: Server;
  private client: Connection | undefined;
  private waiting: ((client: Connection) => void)[] = [];

  private constructor(server: Server, address: SocketAddress) {
    this.server = server;
    this.address = address;
    server.on("connection", (socket) => this.accept(socket));
  }

  /** Listen at a socket of that name, or at a port of this machine (0: any that is free). */
  static async listen(
    at: { readonly unix: string } | { readonly port: number; readonly host?: string },
  ): Promise<IpiServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(cannotListen(at, error)));
      if ("unix" in at) server.listen(socketPath(at.unix), resolve);
      else server.listen(at.port, at.host ?? "127.0.0.1", resolve);
    });
    if ("unix" in at) return new IpiServer(server, at);
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : at.port;
    return new IpiServer(server, { host: at.host ?? "127.0.0.1", port });
  }

  /** Resolves when a program has connected. */
  async connected(): Promise<void> {
    await this.connection();
  }

  /** Energy, forces and virial of a structure. Rejects with `IpiDisconnected` where the program leaves meanwhile. */
  async evaluate(data: Positions): Promise<ForceData> {
    const client = await this.connection();
    await this.readied(client);
    client.send({ word: "POSDATA", ...data });
    while ((await this.statusOf(client)) !== "HAVEDATA") await new Promise((resolve) => setTimeout(resolve, 5));
    client.send({ word: "GETFORCE" });
    const answer = await client.next();
    if (answer.word !== "FORCEREADY") throw unexpected(answer, "FORCEREADY");
    if (answer.forces.length === data.positions.length) return answer;
    throw new InputError({
      code: "bad-message",
      problem: `The program has sent forces of ${answer.forces.length / 3} atoms for ${data.positions.length / 3}.`,
      remedy: "Start it with the structure that it is to work on.",
    });
  }

  /** Tell the program to end, and stop listening. */
  close(): void {
    this.client?.leave();
    // Its callback would wait for a program that hangs with its end of the socket open.
    this.server.close();
    if ("unix" in this.address) rmSync(socketPath(this.address.unix), { force: true });
  }

  private accept(socket: Socket): void {
    // One program per server: a second one would wait for ever.
    if (this.client?.open === true) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    this.client = new Connection(socket);
    for (const resolve of this.waiting.splice(0)) resolve(this.client);
  }

  private connection(): Promise<Connection> {
    if (this.client?.open === true) return Promise.resolve(this.client);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private async readied(client: Connection): Promise<void> {
    for (;;) {
      const status = await this.statusOf(client);
      if (status === "READY") return;
      if (status === "NEEDINIT") client.send({ word: "INIT", index: 0, text: "" });
      // Results that nobody has asked for, of a structure that was given up.
      else if (status === "HAVEDATA") {
        client.send({ word: "GETFORCE" });
        await client.next();
      }
    }
  }

  private async statusOf(client: Connection): Promise<"READY" | "NEEDINIT" | "HAVEDATA"> {
    client.send({ word: "STATUS" });
    const answer = await client.next();
    if (answer.word === "READY" || answer.word === "NEEDINIT" || answer.word === "HAVEDATA") return answer.word;
    throw unexpected(answer, "READY, NEEDINIT or HAVEDATA");
  }
}

const unexpected = (message: IpiMessage, expected: string): InputError =>
  new InputError({
    code: "bad-message",
    problem: `The program has answered ${message.word}.`,
    expected: `Expected ${expected}.`,
    remedy: "Check that the program at the other end of the socket speaks i-PI.",
  });

const cannotListen = (at: object, cause: Error): InputError =>
  new InputError(
    {
      code: "no-socket",
      problem: `Nothing can listen at ${"unix" in at ? socketPath(String(at.unix)) : `port ${"port" in at ? String(at.port) : ""}`}: ${cause.message}.`,
      remedy: "Choose another name or port, or end the program that has this one.",
    },
    { cause },
  );

/** Messages of one socket, in order. */
export class Connection {
  private readonly socket: Socket;
  private readonly decoder = new IpiDecoder();
  private readonly arrived: IpiMessage[] = [];
  private wanted: { resolve(message: IpiMessage): void; reject(error: Error): void } | undefined;
  private failure: Error | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (piece: Uint8Array) => this.take(piece));
    socket.on("error", () => this.fail(new IpiDisconnected("the connection has broken")));
    socket.on("close", () => this.fail(new IpiDisconnected("the other side has left")));
  }

  get open(): boolean {
    return this.failure === undefined;
  }

  send(message: IpiMessage): void {
    if (this.open) this.socket.write(encodeMessage(message));
  }

  /** The next message; rejects when there will be none. */
  next(): Promise<IpiMessage> {
    const first = this.arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.wanted = { resolve, reject };
    });
  }

  /** EXIT, and no more. */
  leave(): void {
    this.send({ word: "EXIT" });
    this.socket.end();
    // A program that is in the middle of something reads it later, or never: nothing waits for it.
    this.socket.unref();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private take(piece: Uint8Array): void {
    try {
      for (const message of this.decoder.push(piece)) this.give(message);
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
      this.socket.destroy();
    }
  }

  private give(message: IpiMessage): void {
    const { wanted } = this;
    this.wanted = undefined;
    if (wanted === undefined) this.arrived.push(message);
    else wanted.resolve(message);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    const { wanted } = this;
    this.wanted = undefined;
    wanted?.reject(this.failure);
  }
}
