/** Parses the entries of `skip-auth-regex` and `skip-auth-route`: method, negation, and regular expression. */
import type { Installation } from '../merge/installation.ts';
import { listOf } from './setting-values.ts';

/** One entry. */
export interface SkipEntry {
  readonly flag: 'skip-auth-regex' | 'skip-auth-route';
  /** The entry unchanged. */
  readonly text: string;
  /** Undefined for all methods; `never` if no request has such a method. */
  readonly method: string | undefined;
  /** Whether the entry opens all paths that the expression does not match. */
  readonly isNegated: boolean;
  readonly expression: string;
  /** The position in both lists together, from 1. */
  readonly position: number;
}

/** Parses the entries, those of the older flag first. */
export function readSkipEntries(installation: Installation): readonly SkipEntry[] {
  const older = listOf(installation, 'skip-auth-regex').map((text) => ({
    flag: 'skip-auth-regex' as const,
    text,
    method: undefined,
    isNegated: false,
    expression: text,
  }));
  const routes = listOf(installation, 'skip-auth-route').map((text) => ({
    flag: 'skip-auth-route' as const,
    text,
    ...readRoute(text),
  }));
  return [...older, ...routes].map((entry, index) => ({ ...entry, position: index + 1 }));
}

/** The first `=` or `!=` ends the method, but a `!=` at any position negates. */
function readRoute(text: string): Pick<SkipEntry, 'method' | 'isNegated' | 'expression'> {
  const isNegated = text.includes('!=');
  const [, name, expression] = /^([\s\S]*?)!?=([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined || expression === undefined)
    return { method: undefined, isNegated, expression: text };
  const method = name.toUpperCase();
  if (method === '') return { method: undefined, isNegated, expression };
  return { method: /^[A-Z][A-Z-]*$/.test(method) ? method : 'never', isNegated, expression };
}
