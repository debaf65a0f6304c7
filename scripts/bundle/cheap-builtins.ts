/** A plugin that makes the imports of Node's own modules cheaper. */
import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

/** An import as rolldown writes it: `import a, { b as c } from "node:d";`, each part optional, or `import * as a from …`. */
const importLine = /^import (?:(?:\* as )?([\w$]+))?(?:, )?(?:\{ ([^}]*) \})? from "([^"]+)";$/gm;

/**
 * Replaces imports of Node's modules with `process.getBuiltinModule`. An import reads every property of the module, and some
 * load others: `http.WebSocket` loads a whole HTTP client, which takes as long as the start of Node.
 *
 * `main.js` and what it imports keep their imports: an old Node has no such function, and they tell the user so.
 */
export function cheapBuiltins(): Plugin {
  return {
    name: 'cheap-builtins',
    renderChunk: (code, { name, isEntry }) => {
      if (isEntry || name === 'command-line') return null;
      return { code: code.replaceAll(importLine, replacement), map: null };
    },
  };
}

function replacement(line: string, whole: string | undefined, names: string | undefined, from: string) {
  if (!isBuiltin(from)) return line;
  const module = `process.getBuiltinModule(${JSON.stringify(from)})`;
  return [
    whole === undefined ? '' : `const ${whole} = ${module};`,
    names === undefined ? '' : `const { ${names.replaceAll(' as ', ': ')} } = ${module};`,
  ].join('');
}
