/** Who may pass: domains and addresses of e-mail, groups and roles, and what of other providers restricts. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/settings.ts';
import { isGiven, judged, listed, listOf, noted, present, problemOf, textOf } from './by-kind.ts';
import { providerOf } from './provider.ts';

/** What is asked of the tokens of every issuer. */
export interface Access {
  /** Below `email`. */
  readonly email: Mapping;
  /** Below `groups`. */
  readonly groups: Mapping;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Translates who may pass. */
export function translateAccess(given: Given): Access {
  const email = emailAccess(given);
  const groups = groupAccess(given);
  return {
    email: email.tree,
    groups: groups.tree,
    findings: [...email.findings, ...groups.findings, ...ofOtherProviders(given)],
    problems: email.problems,
  };
}

interface Judgement {
  readonly tree: Mapping;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

const domainPattern = /^(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]+$/i;
const addressPattern = /^[^@\s]+@[^@\s]+$/;

function emailAccess(given: Given): Judgement {
  const domains = listOf(given, 'email-domain');
  const { authenticatedEmails } = given;
  const file = textOf(given, 'authenticated-emails-file');
  if (domains.includes('*')) return everybody(given);
  if (domains.length === 0 && authenticatedEmails === undefined && file === '') return nobodySaid(given);

  const wanted = domains.map((domain) => (domain.startsWith('.') ? `*${domain}` : domain));
  const allowedDomains = wanted.filter((domain) => domainPattern.test(domain));
  const allowedAddresses = (authenticatedEmails ?? []).filter((address) => addressPattern.test(address));
  const isFileUnseen = file !== '' && authenticatedEmails === undefined;
  const isNobody = allowedDomains.length === 0 && allowedAddresses.length === 0;
  const subject = 'a token without e-mail is asked for its `sub`';
  const dropped = domains.filter((_, index) => !domainPattern.test(wanted[index] ?? ''));
  return {
    tree: present({
      allowedDomains: allowedDomains.length === 0 ? undefined : allowedDomains,
      allowedAddresses: allowedAddresses.length === 0 ? undefined : allowedAddresses,
    }),
    findings: [
      ...(dropped.length === 0
        ? judged(given, 'email-domain', 'kept', `\`issuers[].email.allowedDomains\`; ${subject}`)
        : judged(
            given,
            'email-domain',
            'changed',
            `${listed(dropped)} can be no domain and is left out; the others are \`issuers[].email.allowedDomains\``,
          )),
      ...(isFileUnseen
        ? judged(
            given,
            'authenticated-emails-file',
            'refused',
            allowedDomains.length === 0
              ? 'what it says is not known here; list its addresses in `issuers[].email.allowedAddresses`, or give the file. WITHOUT IT NO E-MAIL IS ASKED FOR: any good token passes'
              : 'what it says is not known here; list its addresses in `issuers[].email.allowedAddresses`, or give the file. Without it its addresses pass only if their domain does',
          )
        : judged(
            given,
            'authenticated-emails-file',
            ...addressText(authenticatedEmails ?? [], allowedAddresses),
          )),
    ],
    // Nothing to list would ask for nothing, where nobody passed.
    problems:
      isNobody && !isFileUnseen
        ? [
            problemOf(
              given,
              domains.length === 0 ? 'authenticated-emails-file' : 'email-domain',
              'it names nobody who could pass; name domains or addresses, or `*` for all',
            ),
          ]
        : [],
  };
}

function addressText(all: readonly string[], usable: readonly string[]): ['kept' | 'changed', string] {
  const rest = 'the list is part of the configuration now, which is read again when it changes';
  return all.length === usable.length
    ? ['kept', `\`issuers[].email.allowedAddresses\`; ${rest}`]
    : [
        'changed',
        `entries without exactly one @ are left out; the others are \`issuers[].email.allowedAddresses\`, and ${rest}`,
      ];
}

function everybody(given: Given): Judgement {
  return {
    tree: {},
    findings: [
      ...judged(given, 'email-domain', 'kept', 'no restriction: `*` lets any e-mail pass, and none'),
      ...judged(given, 'authenticated-emails-file', 'meaningless', '`email-domain` lets any e-mail pass'),
    ],
    problems: [],
  };
}

function nobodySaid(given: Given): Judgement {
  const onlyUsers = textOf(given, 'htpasswd-file') !== '';
  return {
    tree: {},
    findings: onlyUsers
      ? noted(
          given,
          'email-domain',
          'refused',
          'without it no token with a subject or an e-mail passed, but only users of `htpasswd-file`. WITHOUT IT ANY GOOD TOKEN PASSES HERE',
        )
      : noted(
          given,
          'email-domain',
          'changed',
          `oauth2-proxy does not start without it or \`authenticated-emails-file\`; here any e-mail passes, as with \`*\``,
        ),
    problems: [],
  };
}

/** Providers that put a list of their own in the place of `allowed-group`, even an empty one. */
const ownGroups: Readonly<Record<string, string>> = { gitlab: 'gitlab-group', keycloak: 'keycloak-group' };

function groupAccess(given: Given): Judgement {
  const provider = providerOf(given);
  const isKeycloak = provider === 'keycloak-oidc';
  const groups = listOf(given, 'allowed-group');
  const roles = isKeycloak ? listOf(given, 'allowed-role').map((role) => `role:${role}`) : [];
  const ofGitlab = provider === 'gitlab' ? listOf(given, 'gitlab-group') : [];
  const allowed = [...new Set([...(ofGitlab.length > 0 ? ofGitlab : groups), ...roles])];
  const replacing = ownGroups[provider];
  return {
    tree: allowed.length === 0 ? {} : { allowed },
    findings: [
      ...(groups.length === 0
        ? judged(given, 'allowed-group', 'meaningless', 'it is empty')
        : ofGitlab.length > 0
          ? judged(given, 'allowed-group', 'meaningless', 'with provider gitlab `gitlab-group` replaces it')
          : replacing !== undefined
            ? judged(
                given,
                'allowed-group',
                'changed',
                `it is \`issuers[].groups.allowed\` now, while provider ${provider} ignored it (\`${replacing}\` replaces it)`,
              )
            : judged(
                given,
                'allowed-group',
                'kept',
                '`issuers[].groups.allowed`, for the tokens of every issuer',
              )),
      ...(isKeycloak
        ? judged(
            given,
            'allowed-role',
            'kept',
            '`issuers[].groups.allowed`, each as `role:NAME`, with `groups.keycloakRoles` for the tokens of this issuer',
          )
        : judged(
            given,
            'allowed-role',
            'meaningless',
            `only provider keycloak-oidc looks at it; with ${provider} it never guarded anything. To ask for roles, say \`groups.keycloakRoles: true\` and \`groups.allowed\``,
          )),
      ...(ofGitlab.length > 0
        ? judged(
            given,
            'gitlab-group',
            'kept',
            '`issuers[].groups.allowed`, looked for in the groups of the token as before',
          )
        : restriction(given, 'gitlab-group', 'gitlab', 'membership in groups of GitLab')),
    ],
    problems: [],
  };
}

/** What each provider asks its own servers for. */
const restrictions: readonly (readonly [flag: string, provider: string, what: string])[] = [
  ['github-org', 'github', 'membership in an organisation of GitHub'],
  ['github-team', 'github', 'membership in a team of GitHub'],
  ['github-repo', 'github', 'access to a repository of GitHub'],
  ['github-user', 'github', 'the name of a user of GitHub'],
  ['gitlab-project', 'gitlab', 'access to a project of GitLab'],
  ['google-group', 'google', 'membership in a group of Google'],
  ['bitbucket-team', 'bitbucket', 'membership in a team of Bitbucket'],
  ['bitbucket-workspace', 'bitbucket', 'membership in a workspace of Bitbucket'],
  ['bitbucket-repository', 'bitbucket', 'access to a repository of Bitbucket'],
  ['keycloak-group', 'keycloak', 'membership in a group of Keycloak'],
];

function ofOtherProviders(given: Given): readonly Finding[] {
  return restrictions.flatMap(([flag, provider, what]) => restriction(given, flag, provider, what));
}

function restriction(given: Given, flag: string, provider: string, what: string): readonly Finding[] {
  if (!isGiven(given, flag)) return [];
  if (listOf(given, flag).length === 0) return judged(given, flag, 'meaningless', 'it is empty');
  const own = providerOf(given);
  const instead = 'ask for a group or a claim of the token instead (`groups.allowed`, `requiredClaims`)';
  return own === provider
    ? judged(
        given,
        flag,
        'refused',
        `nothing here asks ${provider} for ${what}; ${instead}. WITHOUT IT THIS IS NO LONGER ASKED FOR`,
      )
    : judged(
        given,
        flag,
        'refused',
        `nothing here asks for ${what}. It never guarded anything with provider ${own}, as only ${provider} looks at it; ${instead}`,
      );
}
