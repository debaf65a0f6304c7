/** Loads the expression compiler on first use: most configurations have no expression, and it takes 12 ms and 8 MB. */
import { createRequire } from 'node:module';
import type { compileExpression as Compile } from './expression.ts';

/**
 * Compiles an expression.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes
 * @throws Error that explains the problem and its place
 */
export const compileExpression: typeof Compile = (text, maxTokenSize) => {
  // Not import(): a worker applies a configuration synchronously, between two checks.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const loaded = createRequire(import.meta.url)(`./expression.${extension}`) as {
    compileExpression: typeof Compile;
  };
  return loaded.compileExpression(text, maxTokenSize);
};
