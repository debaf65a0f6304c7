/** Collects the issuers that APIRules trust, each once. */
import { nameIssuers } from '../../../../config/validate/issuer-names.ts';
import { isLoopback, urlProblem } from '../../../../config/values/urls.ts';
import type { TokenNeeds } from './access.ts';
import type { Report } from './findings.ts';

/** A place that names an issuer, and the URL of its keys there. */
export interface IssuerMention {
  readonly issuer: string;
  /** Undefined: by discovery. */
  readonly jwksUri: string | undefined;
  readonly algorithms?: readonly string[];
  readonly setting: string;
  readonly source: string;
}

/** One issuer as it is written. */
export interface WrittenIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly audiences?: readonly string[];
  readonly anyAudience?: true;
  readonly algorithms?: readonly string[];
  readonly insecureHttp?: true;
}

/** A collection of issuers. */
export interface Issuers {
  /** Adds an issuer; false if it is not valid. */
  readonly mention: (mention: IssuerMention) => boolean;
  /** The issuers with the audiences of the requirements. */
  readonly written: (needs: readonly TokenNeeds[]) => readonly WrittenIssuer[];
}

/** Makes an empty collection. */
export function createIssuers(report: Report): Issuers {
  const mentioned = new Map<string, IssuerMention>();

  const mention = (one: IssuerMention): boolean => {
    const problem = mentionProblem(one);
    if (problem !== undefined) {
      report.refuse(one.setting, one.source, problem);
      return false;
    }
    const known = mentioned.get(one.issuer);
    if (known === undefined) mentioned.set(one.issuer, one);
    else if (known.jwksUri !== one.jwksUri && one.jwksUri !== undefined)
      if (known.jwksUri === undefined)
        mentioned.set(one.issuer, { ...one, algorithms: algorithmsOf(known, one) });
      else
        report.add(
          'changed',
          one.setting,
          one.source,
          `the keys of ${one.issuer} are those of ${known.source}; an issuer has one key set`,
        );
    const now = mentioned.get(one.issuer);
    if (known !== undefined && now !== undefined)
      mentioned.set(one.issuer, { ...now, algorithms: algorithmsOf(known, one) });
    return true;
  };

  const written = (needs: readonly TokenNeeds[]): readonly WrittenIssuer[] =>
    nameIssuers(usedOf([...mentioned.values()], needs).map(({ issuer }) => ({ issuer }))).map(
      ({ issuer, name }) => {
        const { jwksUri, algorithms = [], setting, source } = mentioned.get(issuer) as IssuerMention;
        const own = needs.filter(({ issuers }) => issuers.includes(issuer));
        const audiences = [...new Set(own.flatMap((need) => [...need.audiences, ...need.anyAudiences]))];
        const isBounded =
          own.length > 0 && own.every((need) => need.audiences.length + need.anyAudiences.length > 0);
        const isPlain = [jwksUri ?? issuer].some(isPlainHttp);
        if (isPlain)
          report.add(
            'kept',
            setting,
            source,
            `${issuer} with \`insecureHttp: true\`, since its keys come over plain HTTP; use https`,
          );
        if (!isBounded)
          report.add(
            'kept',
            'target_audience',
            source,
            `\`anyAudience: true\` of ${issuer}, since not every rule names an audience; set \`audiences\`, or tokens for other services are valid too`,
          );
        return {
          name,
          issuer,
          ...(jwksUri !== undefined && { jwksUri }),
          ...(isBounded ? { audiences } : { anyAudience: true as const }),
          ...(algorithms.length > 0 && { algorithms }),
          ...(isPlain && { insecureHttp: true as const }),
        };
      },
    );

  return { mention, written };
}

/** The issuers of the requirements; all issuers if there are no requirements. */
function usedOf(mentions: readonly IssuerMention[], needs: readonly TokenNeeds[]): readonly IssuerMention[] {
  const used = mentions.filter(({ issuer }) => needs.some(({ issuers }) => issuers.includes(issuer)));
  return used.length > 0 ? used : mentions;
}

/** No list if one of the two has none: then the default applies. */
function algorithmsOf(one: IssuerMention, other: IssuerMention): readonly string[] {
  const [first = [], second = []] = [one.algorithms, other.algorithms];
  return first.length === 0 || second.length === 0 ? [] : [...new Set([...first, ...second])];
}

function mentionProblem({ issuer, jwksUri }: IssuerMention): string | undefined {
  if (issuer === '') return 'an issuer is empty';
  if (jwksUri !== undefined) {
    const problem = urlProblem(jwksUri);
    return problem === undefined ? undefined : `its keys cannot be fetched: ${problem}`;
  }
  const problem = urlProblem(issuer);
  if (problem !== undefined) return `the keys of ${issuer} cannot be found through discovery: ${problem}`;
  const { pathname, search } = new URL(issuer);
  if (pathname.includes('/.well-known/') || search !== '')
    return `${issuer} is not an issuer: its keys cannot be found through discovery`;
  return undefined;
}

function isPlainHttp(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopback(new URL(url));
}
