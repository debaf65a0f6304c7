/** The prose linter: `npm run prose` runs it over the repository. */
import { describe, expect, test } from 'vitest';
import { markdownProblems } from '../../scripts/prose/markdown.ts';
import {
  headingProblems,
  lengthProblems,
  mostWords,
  openingProblems,
  phraseProblems,
} from '../../scripts/prose/problems.ts';
import { textsOfHashComments, textsOfTypeScript, textsOfYamlValues } from '../../scripts/prose/source.ts';

const sentence = (words: number) => `${Array.from({ length: words }, () => 'word').join(' ')}.`;

describe('the phrase rule', () => {
  test.each([
    'The request is no CheckRequest.',
    'A claim that the token has not.',
    'The check goes on.',
    'What becomes of the header.',
    'CAs, of which one must have signed it.',
    'The token is remembered.',
    'The answer is told in the log.',
    'One stands beside the other.',
    'The client is let in.',
    'The claim has the e-mail.',
    'The behaviour differs.',
    'The path is normalised.',
    'An unknown key id causes a fetch.',
    'One look-up finds the token.',
    'The check ends as `overloaded`.',
    'A check waits in vain.',
    'It sets registries, secrets and the like.',
    'There is no answer at all.',
    'A worker restarts by itself.',
    'The same holds for each list.',
    'Set it only where the mesh ignores ports.',
    'It is `text` on a terminal, else `json`.',
    'The answer is sent as it is.',
    'It denies, whatever the failure mode.',
    'A file that nobody reads.',
  ])('finds the phrase in %s', (text) => {
    expect(phraseProblems(text)).toHaveLength(1);
  });

  test.each([
    'There is no key with this id.',
    'The token is no longer valid.',
    'The token has not expired.',
    'The option `beside` is a name.',
    'The page is at https://example.com/beside.',
    'The page is [here](e2e/cancelled.test.ts).',
    'The option `id` has the key ID.',
    'The URL where you publish the runbooks.',
    'Anything else is rejected, or else the check fails.',
    'The rule is read as it is in the file.',
    'The group "nobody" is allowed.',
    'The check ends as soon as the key arrives.',
  ])('accepts %s', (text) => {
    expect(phraseProblems(text)).toEqual([]);
  });
});

test('the length rule counts the words of each sentence', () => {
  expect(lengthProblems(`${sentence(mostWords)} ${sentence(mostWords)}`)).toEqual([]);
  const long = lengthProblems(`Short. ${sentence(mostWords + 1)}`);
  expect(long.map(({ index }) => index)).toEqual([7]);
});

test('the opening rule accepts a question and rejects a clause as subject', () => {
  expect(openingProblems('What does the client see?')).toEqual([]);
  expect(openingProblems('A sentence. Where there is no key, it waits.')).toHaveLength(1);
  expect(openingProblems('What a client sends is ignored.')).toHaveLength(1);
});

test('the heading rule rejects the passive voice and a final stop', () => {
  expect(headingProblems('How a token is verified')).toHaveLength(1);
  expect(headingProblems('Verify a token.')).toHaveLength(1);
  expect(headingProblems('Verify a token')).toEqual([]);
});

test('Markdown problems have the line on which they begin; code is not prose', async () => {
  const text =
    '# Title\n\nFirst line\nand beside it.\n\n```sh\necho beside\n```\n\n| a |\n| --- |\n| goes on |\n';
  expect((await markdownProblems(text)).map(({ line }) => line)).toEqual([4, 12]);
});

describe('the texts of a file', () => {
  test('are comments and strings of several words in TypeScript', () => {
    const source =
      "/** One comment. */\n// two\n// lines\nconst a = 'four words are enough';\nconst b = 'id';\n";
    expect(
      textsOfTypeScript('a.ts', source).map(({ kind, text }) => [kind, text.trim().split(/\s+/)]),
    ).toEqual([
      ['comment', ['One', 'comment.']],
      ['comment', ['two', 'lines']],
      ['string', ['four', 'words', 'are', 'enough']],
    ]);
  });

  test('are comments and sentences in YAML', () => {
    const source = '# A comment\n# of two lines\nsummary: The service denies many requests\nname: x\n';
    expect(textsOfHashComments(source).map(({ text }) => text.trim().split(/\s+/))).toEqual([
      ['A', 'comment', 'of', 'two', 'lines'],
    ]);
    expect(textsOfYamlValues(source).map(({ text }) => text)).toEqual(['The service denies many requests']);
  });
});
