/** Expressions, loaded when the first one is met: most configurations have none, and CEL takes 12 ms and 8 MB. */
import { createRequire } from 'node:module';
import type { compileExpression as Compile } from './expression.ts';

/**
 * Compiles an expression.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes
 * @throws Error that says what is wrong, and where
 */
export const compileExpression: typeof Compile = (text, maxTokenSize) => {
  // Not by import(): a worker takes a configuration in one go, between two checks.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const loaded = createRequire(import.meta.url)(`./expression.${extension}`) as {
    compileExpression: typeof Compile;
  };
  return loaded.compileExpression(text, maxTokenSize);
};
