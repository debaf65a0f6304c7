/** The files that pages load: the stylesheet, the script and the icon. Browsers cache them; a changed file has another address. */
import { hash } from 'node:crypto';
import { liveScript } from './live-script.ts';
import { stylesheet } from './stylesheet.ts';

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b5cad"/><path d="M4 8.5l3 3 5.5-7" fill="none" stroke="#fff" stroke-width="2"/></svg>\n';

/** A file that pages load. */
interface Asset {
  readonly path: string;
  /** The path with a part of the hash of the content. */
  readonly address: string;
  readonly type: string;
  readonly body: string;
}

function asset(name: string, type: string, body: string): Asset {
  const path = `/console/assets/${name}`;
  return { path, address: `${path}?v=${hash('sha256', body).slice(0, 12)}`, type, body };
}

/** The files. */
export const assets = {
  stylesheet: asset('console.css', 'text/css; charset=utf-8', stylesheet),
  script: asset('live.js', 'text/javascript; charset=utf-8', liveScript),
  icon: asset('icon.svg', 'image/svg+xml', icon),
} as const;
