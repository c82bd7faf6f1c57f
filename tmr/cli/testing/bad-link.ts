/** A TCP proxy between two tracers that spoils what passes, after HELLO, from a chosen moment on. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type Spoil = 'pass' | 'corrupt' | 'withhold';

export class BadLink {
  /** What happens to bytes from the dialler to the listener; the way back is always good. */
  forward: Spoil = 'pass';
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  constructor(targetPort: number) {
    this.#server = createServer((near) => {
      const far = connect(targetPort, '127.0.0.1');
      this.#sockets.push(near, far);
      for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => {});
      near.on('data', (bytes) => {
        if (this.forward === 'withhold') return;
        // Past the record mark, so that the frame stays one frame and its checksum tells.
        if (this.forward === 'corrupt') bytes[12] = (bytes[12] ?? 0) ^ 0x10;
        far.write(bytes);
      });
      far.on('data', (bytes) => near.write(bytes));
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () =>
        resolve((this.#server.address() as AddressInfo).port),
      );
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
