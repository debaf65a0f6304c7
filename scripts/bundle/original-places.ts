/** Reads stack traces of the bundle. */
import { SourceMap, type SourceMapPayload } from 'node:module';

/** A place in a file of the bundle: the path, the name, the line and the column. */
const place = /(?:file:\/\/)?[^\s()"'\\]*\/([\w.-]+\.js):(\d+):(\d+)/g;

/**
 * Replaces the places in a text with the places in the sources.
 *
 * @param readMap returns the source map of a chunk; undefined if there is none
 */
export function originalPlaces(text: string, readMap: (chunk: string) => string | undefined): string {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (chunk: string) => {
    const json = readMap(`${chunk}.map`);
    return json === undefined ? undefined : new SourceMap(JSON.parse(json) as SourceMapPayload);
  };
  return text.replaceAll(place, (whole, chunk: string, line: string, column: string) => {
    if (!maps.has(chunk)) maps.set(chunk, mapOf(chunk));
    const found = maps.get(chunk)?.findOrigin(Number(line), Number(column));
    if (found === undefined || !('fileName' in found)) return whole;
    return `${found.fileName.replace(/^(?:\.\.\/)+/, '')}:${found.lineNumber}:${found.columnNumber}`;
  });
}
