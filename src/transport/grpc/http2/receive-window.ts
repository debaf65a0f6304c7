/** Flow control of what the client sends (RFC 9113 section 5.2). */

/** The window of a stream, in bytes: HTTP/2's default. With a larger one, small requests would wait behind the data of large ones. */
export const streamWindow = 64 * 1024 - 1;

/** The window of the connection, in bytes. With that of a stream, one large request would block all others. */
export const connectionWindow = 1024 * 1024;

/**
 * A window. A client cannot exceed it: bytes are consumed as they are read, so more than half of the window is always open, and
 * that is more than a frame.
 */
export interface ReceiveWindow {
  /** The bytes that were consumed, and have not been given back yet. */
  uncredited: number;
}

/**
 * Consumes bytes, and gives all consumed ones back as soon as they are half of the window.
 *
 * @param size the whole window
 * @returns the increment for a WINDOW_UPDATE; 0 if it is not time yet
 */
export function creditWindow(window: ReceiveWindow, bytes: number, size: number): number {
  window.uncredited += bytes;
  if (window.uncredited < size / 2) return 0;
  const increment = window.uncredited;
  window.uncredited = 0;
  return increment;
}
