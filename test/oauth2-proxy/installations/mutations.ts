/** Generates mutations of the files of an installation, without knowledge of their meaning. */
import { type Document, parseAllDocuments } from 'yaml';

/** The files of an installation by name. */
export type Texts = Readonly<Record<string, string>>;

/** One removal or replacement. */
export interface Mutation {
  /** The file and the location in it. */
  readonly name: string;
  readonly texts: Texts;
}

type Path = readonly (string | number)[];

/** A document and the path in it. */
export interface Location {
  readonly file: string;
  readonly document: unknown;
  readonly path: Path;
}

const heading = /^(USER-SUPPLIED|COMPUTED) VALUES:/;

/** The files in the form in which mutations are written, so that only the mutation differs. */
export function rewritten(texts: Texts): Texts {
  return mapTexts(texts, (name, text) => (isYaml(name) ? written(text, documentsOf(text)) : text));
}

/**
 * All mutations of some files: each scalar and list entry removed, and each line of a text with several lines.
 *
 * @param isLeft whether a location has no effect and is skipped
 */
export function deletions(texts: Texts, isLeft: (location: Location) => boolean): readonly Mutation[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    (isYaml(name) ? yamlDeletions(name, text, isLeft) : lineDeletions(text)).map(([at, mutated]) => ({
      name: `${name} ${at}`,
      texts: { ...texts, [name]: mutated },
    })),
  );
}

/** Every location of a word, with another word instead. */
export function replacements(
  texts: Texts,
  words: Readonly<Record<string, string>>,
  isLeft: (location: Location) => boolean,
): readonly Mutation[] {
  return Object.entries(texts).flatMap(([name, text]) => {
    const all = isYaml(name)
      ? yamlScalars(name, text, isLeft).flatMap(({ index, path, value }) =>
          changed(String(value), words).map(([at, other]): [string, string] => {
            const documents = documentsOf(text);
            documents[index]?.setIn(path, other);
            return [`${path.join('.')} ${at}`, written(text, documents)];
          }),
        )
      : changed(text, words);
    return all.map(([at, mutated]) => ({ name: `${name} ${at}`, texts: { ...texts, [name]: mutated } }));
  });
}

function changed(text: string, words: Readonly<Record<string, string>>): [at: string, text: string][] {
  return Object.entries(words).flatMap(([word, other]) => {
    const parts = text.split(word);
    return parts
      .slice(1)
      .map((_, index): [string, string] => [
        `${word} ${index + 1}`,
        `${parts.slice(0, index + 1).join(word)}${other}${parts.slice(index + 1).join(word)}`,
      ]);
  });
}

function yamlDeletions(
  file: string,
  text: string,
  isLeft: (location: Location) => boolean,
): [at: string, text: string][] {
  return yamlScalars(file, text, isLeft).flatMap(({ index, path, value }) => {
    const mutated = (change: (document: Document) => void): string => {
      const documents = documentsOf(text);
      const document = documents[index];
      if (document !== undefined) change(document);
      return written(text, documents);
    };
    const at = path.join('.');
    const lines = typeof value === 'string' && value.includes('\n') ? lineDeletions(value) : [];
    return [
      [at, mutated((document) => document.deleteIn(path))],
      ...lines.map(([line, rest]): [string, string] => [
        `${at} ${line}`,
        mutated((document) => document.setIn(path, rest)),
      ]),
    ];
  });
}

function lineDeletions(text: string): [at: string, text: string][] {
  const lines = text.split('\n');
  return [...lines.entries()].flatMap(([index, line]): [string, string][] =>
    /^\s*(#.*)?$/.test(line)
      ? []
      : [[`line ${index + 1}: ${line.trim()}`, lines.filter((_, other) => other !== index).join('\n')]],
  );
}

function yamlScalars(file: string, text: string, isLeft: (location: Location) => boolean) {
  return documentsOf(text).flatMap((document, index) =>
    scalarsIn(document.toJS(), [])
      .filter(({ path }) => !isLeft({ file, document: document.toJS(), path }))
      .map((one) => ({ ...one, index })),
  );
}

function scalarsIn(value: unknown, path: Path): { readonly path: Path; readonly value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  if (Array.isArray(value)) return value.flatMap((entry, index) => scalarsIn(entry, [...path, index]));
  return Object.entries(value).flatMap(([name, entry]) => scalarsIn(entry, [...path, name]));
}

function documentsOf(text: string): Document[] {
  return [...(parseAllDocuments(text.replace(heading, '')) as Document[])].filter(
    (document) => document.contents !== null,
  );
}

function written(text: string, documents: readonly Document[]): string {
  const [found = ''] = heading.exec(text) ?? [];
  const all = documents.map((document) => {
    document.directives = undefined as never;
    return String(document);
  });
  return `${found === '' ? '' : `${found}\n`}${all.join('---\n')}`;
}

function isYaml(name: string): boolean {
  return /\.ya?ml$/.test(name);
}

function mapTexts(texts: Texts, map: (name: string, text: string) => string): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, map(name, text)]));
}
