import type { Socket } from 'node:net';
import { errorBody } from './crest/error-body.ts';

/** Answers what is no HTTP request, in the shape of all other errors, and closes the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, message] = REASONS[error.code ?? ''] ?? [400, 'The request is not valid HTTP'];
  if (socket.writable && socket.bytesWritten === 0) {
    const { body } = errorBody(status, message);
    const text = JSON.stringify(body);
    const head = [
      `HTTP/1.1 ${status} ${String(body['reason'])}`,
      'Content-Type: application/json;charset=utf-8',
      `Content-Length: ${Buffer.byteLength(text)}`,
      'Connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${text}`);
  }
  socket.destroySoon();
}

const REASONS: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time'],
};
