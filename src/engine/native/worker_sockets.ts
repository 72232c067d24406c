/**
 * The listening sockets that a worker serves.
 *
 * @module
 */

import type { FromWorker, ToWorker } from "./control_message.ts";
import { TcpListener } from "./tcp/tcp_listener.ts";
import { UdpPort } from "./udp/udp_port.ts";
import type { WorkerContext, WorkerTcpListener, WorkerUdpPort } from "./worker_context.ts";
import { cloneableError } from "./worker_reports.ts";

type Served =
  | { readonly transport: "tcp"; readonly server: WorkerTcpListener }
  | { readonly transport: "udp"; readonly server: WorkerUdpPort };

/** Does with them what the main thread says. A socket that is not there any more is none to do anything with. */
export class WorkerSockets {
  readonly #context: WorkerContext;
  readonly #post: (message: FromWorker) => void;
  readonly #served = new Map<number, Served>();

  constructor(context: WorkerContext, post: (message: FromWorker) => void) {
    this.#context = context;
    this.#post = post;
  }

  listen(message: Extract<ToWorker, { kind: "listen" }>): void {
    const { socket } = message;
    try {
      this.#served.set(socket, this.#serve(message));
      this.#post({ kind: "listening", socket });
    } catch (error) {
      this.#post({ kind: "refused", socket, error: cloneableError(error) });
    }
  }

  reopen(socket: number): void {
    const served = this.#served.get(socket);
    if (served?.transport === "udp") served.server.listen();
  }

  close(socket: number): void {
    const served = this.#served.get(socket);
    if (served === undefined) return;
    served.server.close();
    if (served.transport === "udp") return; // it tells by itself when it is unused
    this.#served.delete(socket);
    this.#post({ kind: "unused", socket });
  }

  release(socket: number): void {
    this.#served.get(socket)?.server.release();
    this.#served.delete(socket);
    this.#post({ kind: "released", socket });
  }

  #serve({ socket, fd, spec, address }: Extract<ToWorker, { kind: "listen" }>): Served {
    const options = { context: this.#context, fd, spec, address };
    if (spec.transport === "tcp") return { transport: "tcp", server: new TcpListener(options) };
    const onUnused = () => this.#post({ kind: "unused", socket });
    return { transport: "udp", server: new UdpPort({ ...options, onUnused }) };
  }
}
