/** The rules of this project as rules of textlint, which reads Markdown. */

import { createRequire } from 'node:module';
import type { TxtNode } from '@textlint/ast-node-types';
import { TextlintKernel, type TextlintPluginCreator, type TextlintRuleModule } from '@textlint/kernel';
import {
  headingProblems,
  lengthProblems,
  openingProblems,
  type ProseProblem,
  phraseProblems,
} from './problems.ts';

// The module is CommonJS. `require` is used because Node and the test runner convert an import of it differently.
const { default: markdown }: { readonly default: TextlintPluginCreator } = createRequire(import.meta.url)(
  '@textlint/textlint-plugin-markdown',
);

/** Makes a rule that calls a function for each node of some types. */
function ruleFor(
  types: readonly ('Header' | 'Paragraph' | 'TableCell')[],
  problemsOf: (text: string) => readonly ProseProblem[],
): TextlintRuleModule {
  return ({ getSource, report, RuleError, locator, Syntax }) =>
    Object.fromEntries(
      types.map((type) => [
        Syntax[type],
        (node: TxtNode) => {
          for (const { index, message } of problemsOf(getSource(node)))
            report(node, new RuleError(message, { padding: locator.at(index) }));
        },
      ]),
    );
}

/** Finds the problems of a Markdown text, each with its line. */
export async function markdownProblems(text: string): Promise<{ line: number; message: string }[]> {
  const { messages } = await new TextlintKernel().lintText(text, {
    ext: '.md',
    plugins: [{ pluginId: 'markdown', plugin: markdown }],
    rules: [
      { ruleId: 'phrases', rule: ruleFor(['Header', 'Paragraph', 'TableCell'], phraseProblems) },
      { ruleId: 'openings', rule: ruleFor(['Paragraph', 'TableCell'], openingProblems) },
      { ruleId: 'sentences', rule: ruleFor(['Paragraph', 'TableCell'], lengthProblems) },
      {
        ruleId: 'headings',
        rule: ruleFor(['Header'], (source) => headingProblems(source.replace(/^#+\s*/, ''))),
      },
    ],
  });
  return messages.map(({ loc, message }) => ({ line: loc.start.line, message }));
}
