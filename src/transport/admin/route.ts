/** The routes of the admin listener. */
import type { IncomingHttpHeaders } from 'node:http';
import { escapeInvisible } from '../../observe/escape-invisible.ts';

/** A request to the admin listener. */
export interface AdminRequest {
  readonly method: AdminRoute['method'];
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** At most 64 KiB for POST; empty for other methods. */
  readonly body: Buffer;
}

/** A response of the admin listener. */
export interface AdminResponse {
  readonly status: number;
  /** The content type. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A route of the admin listener. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The exact path, or a prefix if it ends with a slash. */
  readonly path: string;
  /** Whether only operators have access; see `access.ts`. */
  readonly guarded: boolean;
  readonly handle: (request: AdminRequest) => AdminResponse | Promise<AdminResponse>;
}

/** Makes a JSON response. Invisible characters are escaped, because a text of a client could act on a terminal. */
export function jsonResponse(status: number, value: unknown): AdminResponse {
  return {
    status,
    type: 'application/json; charset=utf-8',
    body: `${escapeInvisible(JSON.stringify(value))}\n`,
  };
}

/** Makes a response of one line of text. */
export function textResponse(status: number, text: string): AdminResponse {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

/** Finds the routes of a path, one for each method: those with this exact path, or with its longest prefix. */
export function routesOf(routes: readonly AdminRoute[], path: string): readonly AdminRoute[] {
  const matching = routes.filter((route) =>
    route.path.endsWith('/') ? path.startsWith(route.path) : path === route.path,
  );
  const isExact = matching.some((route) => route.path === path);
  const longest = Math.max(...matching.map((route) => route.path.length));
  return matching.filter((route) => (isExact ? route.path === path : route.path.length === longest));
}
