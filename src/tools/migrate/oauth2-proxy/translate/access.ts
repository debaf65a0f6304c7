/** Translates the access rules: email domains and addresses, groups, roles, and restrictions of single providers. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet, findingUnlessRefused, problemOf } from './findings.ts';
import { providerOf } from './provider.ts';
import { isSet, listOf, quotedList, textOf, withoutUndefined } from './setting-values.ts';

/** The requirements for the tokens of every issuer. */
export interface Access {
  /** The options below `email`. */
  readonly email: Mapping;
  /** The options below `groups`. */
  readonly groups: Mapping;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Translates all access rules. */
export function translateAccess(installation: Installation): Access {
  const email = emailAccess(installation);
  const groups = groupAccess(installation);
  return {
    email: email.options,
    groups: groups.options,
    findings: [...email.findings, ...groups.findings, ...ofOtherProviders(installation)],
    problems: email.problems,
  };
}

interface Judgement {
  readonly options: Mapping;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

const domainPattern = /^(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]+$/i;
const addressPattern = /^[^@\s]+@[^@\s]+$/;

function emailAccess(installation: Installation): Judgement {
  const domains = listOf(installation, 'email-domain');
  const { authenticatedEmails } = installation;
  const file = textOf(installation, 'authenticated-emails-file');
  if (domains.includes('*')) return anyEmail(installation);
  if (domains.length === 0 && authenticatedEmails === undefined && file === '')
    return noEmailSetting(installation);

  const wanted = domains.map((domain) => (domain.startsWith('.') ? `*${domain}` : domain));
  const allowedDomains = wanted.filter((domain) => domainPattern.test(domain));
  const allowedAddresses = (authenticatedEmails ?? []).filter((address) => addressPattern.test(address));
  const isFileUnknown = file !== '' && authenticatedEmails === undefined;
  const allowsNoEmail = allowedDomains.length === 0 && allowedAddresses.length === 0;
  const subject = 'for a token without an email, `sub` is compared instead';
  const dropped = domains.filter((_, index) => !domainPattern.test(wanted[index] ?? ''));
  return {
    options: withoutUndefined({
      allowedDomains: allowedDomains.length === 0 ? undefined : allowedDomains,
      allowedAddresses: allowedAddresses.length === 0 ? undefined : allowedAddresses,
    }),
    findings: [
      ...(dropped.length === 0
        ? findingIfSet(installation, 'email-domain', 'kept', `\`issuers[].email.allowedDomains\`; ${subject}`)
        : findingIfSet(
            installation,
            'email-domain',
            'changed',
            `${quotedList(dropped)} is not a valid domain and is left out; the others are \`issuers[].email.allowedDomains\``,
          )),
      ...(isFileUnknown
        ? findingIfSet(
            installation,
            'authenticated-emails-file',
            'refused',
            allowedDomains.length === 0
              ? 'its content is unknown; list its addresses in `issuers[].email.allowedAddresses`, or pass the file. WITHOUT IT NO EMAIL IS REQUIRED: any valid token is allowed'
              : 'its content is unknown; list its addresses in `issuers[].email.allowedAddresses`, or pass the file. Without it an address is allowed only if its domain is',
          )
        : findingIfSet(
            installation,
            'authenticated-emails-file',
            ...addressText(authenticatedEmails ?? [], allowedAddresses),
          )),
    ],
    // An empty list would allow all tokens, but oauth2-proxy allows none.
    problems:
      allowsNoEmail && !isFileUnknown
        ? [
            problemOf(
              installation,
              domains.length === 0 ? 'authenticated-emails-file' : 'email-domain',
              'it allows no token; set domains or addresses, or `*` for all',
            ),
          ]
        : [],
  };
}

function addressText(all: readonly string[], usable: readonly string[]): ['kept' | 'changed', string] {
  const rest = 'the list is now part of the configuration, which is reloaded when it changes';
  return all.length === usable.length
    ? ['kept', `\`issuers[].email.allowedAddresses\`; ${rest}`]
    : [
        'changed',
        `entries without exactly one @ are left out; the others are \`issuers[].email.allowedAddresses\`, and ${rest}`,
      ];
}

function anyEmail(installation: Installation): Judgement {
  return {
    options: {},
    findings: [
      ...findingIfSet(
        installation,
        'email-domain',
        'kept',
        'no restriction: `*` allows any email, and tokens without one',
      ),
      ...findingIfSet(
        installation,
        'authenticated-emails-file',
        'meaningless',
        '`email-domain` allows any email',
      ),
    ],
    problems: [],
  };
}

function noEmailSetting(installation: Installation): Judgement {
  const onlyUsers = textOf(installation, 'htpasswd-file') !== '';
  return {
    options: {},
    findings: onlyUsers
      ? findingUnlessRefused(
          installation,
          'email-domain',
          'refused',
          'without it oauth2-proxy allows no token with a subject or an email, but only users of `htpasswd-file`. WITHOUT IT ANY VALID TOKEN IS ALLOWED',
        )
      : findingUnlessRefused(
          installation,
          'email-domain',
          'changed',
          `oauth2-proxy does not start without it or \`authenticated-emails-file\`; here any email is allowed, as with \`*\``,
        ),
    problems: [],
  };
}

/** Providers whose own list replaces `allowed-group`, even if that list is empty. */
const ownGroups: Readonly<Record<string, string>> = { gitlab: 'gitlab-group', keycloak: 'keycloak-group' };

function groupAccess(installation: Installation): Judgement {
  const provider = providerOf(installation);
  const isKeycloak = provider === 'keycloak-oidc';
  const groups = listOf(installation, 'allowed-group');
  const roles = isKeycloak ? listOf(installation, 'allowed-role').map((role) => `role:${role}`) : [];
  const ofGitlab = provider === 'gitlab' ? listOf(installation, 'gitlab-group') : [];
  const allowed = [...new Set([...(ofGitlab.length > 0 ? ofGitlab : groups), ...roles])];
  const replacing = ownGroups[provider];
  return {
    options: allowed.length === 0 ? {} : { allowed },
    findings: [
      ...(groups.length === 0
        ? findingIfSet(installation, 'allowed-group', 'meaningless', 'it is empty')
        : ofGitlab.length > 0
          ? findingIfSet(
              installation,
              'allowed-group',
              'meaningless',
              '`gitlab-group` replaces it with provider gitlab',
            )
          : replacing !== undefined
            ? findingIfSet(
                installation,
                'allowed-group',
                'changed',
                `it becomes \`issuers[].groups.allowed\`; oauth2-proxy ignores it with provider ${provider}, where \`${replacing}\` replaces it`,
              )
            : findingIfSet(
                installation,
                'allowed-group',
                'kept',
                '`issuers[].groups.allowed` of every issuer',
              )),
      ...(isKeycloak
        ? findingIfSet(
            installation,
            'allowed-role',
            'kept',
            '`issuers[].groups.allowed`, each as `role:NAME`, with `groups.keycloakRoles` for this issuer',
          )
        : findingIfSet(
            installation,
            'allowed-role',
            'meaningless',
            `oauth2-proxy uses it only with provider keycloak-oidc and ignores it with ${provider}. To require roles, set \`groups.keycloakRoles: true\` and \`groups.allowed\``,
          )),
      ...(ofGitlab.length > 0
        ? findingIfSet(
            installation,
            'gitlab-group',
            'kept',
            '`issuers[].groups.allowed`, compared with the groups of the token',
          )
        : restriction(installation, 'gitlab-group', 'gitlab', 'membership in groups of GitLab')),
    ],
    problems: [],
  };
}

/** The restrictions that a provider checks with its own servers. */
const restrictions: readonly (readonly [flag: string, provider: string, what: string])[] = [
  ['github-org', 'github', 'membership in an organization of GitHub'],
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

function ofOtherProviders(installation: Installation): readonly Finding[] {
  return restrictions.flatMap(([flag, provider, what]) => restriction(installation, flag, provider, what));
}

function restriction(
  installation: Installation,
  flag: string,
  provider: string,
  what: string,
): readonly Finding[] {
  if (!isSet(installation, flag)) return [];
  if (listOf(installation, flag).length === 0)
    return findingIfSet(installation, flag, 'meaningless', 'it is empty');
  const own = providerOf(installation);
  const instead = 'require a group or a claim of the token instead (`groups.allowed`, `requiredClaims`)';
  return own === provider
    ? findingIfSet(
        installation,
        flag,
        'refused',
        `oidc-authz cannot ask ${provider} for ${what}; ${instead}. WITHOUT IT THIS IS NO LONGER REQUIRED`,
      )
    : findingIfSet(
        installation,
        flag,
        'refused',
        `oidc-authz cannot check ${what}. With provider ${own} it never restricted anything, since only ${provider} uses it; ${instead}`,
      );
}
