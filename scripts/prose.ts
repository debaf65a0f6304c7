/** `npm run prose [-- PATH…]`: finds banned phrases and long sentences in all prose of the repository. Exits with code 1 if it finds one. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdownProblems } from './prose/markdown.ts';
import { lengthProblems, openingProblems, phraseProblems } from './prose/problems.ts';
import { textsOfHashComments, textsOfTypeScript, textsOfYamlValues } from './prose/source.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Files with texts of other projects, or with the list of banned phrases. */
const skipped =
  /^(?:test\/.*fixtures|test\/security\/corpus\/|scripts\/prose\/terms\.ts|LICENSE|test\/repo\/prose\.test\.ts)/;

const paths = process.argv.slice(2);
const files = execFileSync('git', ['ls-files', '--', ...paths], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\.(?:md|ts|ya?ml|tpl|txt|sh)$|Dockerfile$/.test(path) && !skipped.test(path));

let count = 0;
for (const path of files) {
  const text = readFileSync(`${root}${path}`, 'utf8');
  for (const { line, message } of await problemsOf(path, text)) {
    process.stdout.write(`${path}:${line}: ${message}\n`);
    count++;
  }
}
process.stdout.write(
  count === 0 ? `${files.length} files read well.\n` : `\n${count} problems in ${files.length} files.\n`,
);
process.exitCode = count === 0 ? 0 : 1;

async function problemsOf(path: string, source: string): Promise<{ line: number; message: string }[]> {
  if (path.endsWith('.md')) return markdownProblems(source);
  const texts = path.endsWith('.ts')
    ? textsOfTypeScript(path, source)
    : [...textsOfHashComments(source), ...(/\.ya?ml$/.test(path) ? textsOfYamlValues(source) : [])];
  return texts.flatMap(({ text, start, kind }) =>
    [
      ...phraseProblems(text),
      ...(kind === 'comment' ? [...lengthProblems(text), ...openingProblems(text)] : []),
    ].map(({ index, message }) => ({
      line: source.slice(0, start + index).split('\n').length,
      message,
    })),
  );
}
