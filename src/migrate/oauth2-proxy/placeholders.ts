/** Values that were never put in: what a tutorial or a template has in their place. */

const forms = [
  // <realm_name>, but not the name of a group in an expression
  /(?<!\?P?)<[A-Za-z][\w .-]*>/,
  /\$\{[^}]+\}/,
  /\$\([\w.-]+\)/,
  /\{\{.*?\}\}/s,
  /\{[A-Za-z][\w-]*\}/,
  /\[[A-Za-z][\w-]*\](?!\S)/,
  /%[A-Z][A-Z0-9_]*%/,
  /@@?[A-Z][A-Z0-9_]*@@?/,
  /__[A-Z][A-Z0-9_]*__/,
  /(^|[^A-Za-z])(CHANGE|REPLACE|INSERT|FILL)[-_ ]?(ME|IN|THIS|WITH|HERE)?($|[^a-z])/,
  /^(change|replace)[-_ ]?me$/i,
  /(^|[^A-Za-z])(your|my)[-_](client|realm|tenant|domain|issuer|group|org|app|company)/i,
  /(^|[^A-Za-z])YOUR[-_ ]/,
  /^(x{3,}|TODO|TBD|\.\.\.|…)$/i,
];

/** Settings that are expressions or templates themselves. */
const patterns = ['skip-auth-route', 'skip-auth-regex', 'api-route'];

/** The placeholder in a value; undefined where there is none. */
export function placeholderIn(flag: string, value: string | boolean | readonly string[]): string | undefined {
  if (typeof value === 'boolean' || /-format$/.test(flag)) return undefined;
  const all = typeof value === 'string' ? [value] : value;
  const known = patterns.includes(flag)
    ? forms.filter((form) => !form.test('{a}') && !form.test('[a]') && !form.test('...'))
    : forms;
  for (const one of all) {
    const found = known.map((form) => form.exec(one)?.[0]).find((match) => match !== undefined);
    if (found !== undefined) return found.trim();
  }
  return undefined;
}
