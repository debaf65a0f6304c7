/** The report in SARIF 2.1.0, which CI systems show next to the lines of the files. */

import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { escapeInvisible } from '../../../observe/escape-invisible.ts';
import { version } from '../../../runtime/version.ts';
import type { Diagnosis } from '../doctor.ts';
import type { Finding, Place } from '../finding.ts';
import type { Declaration } from '../rule.ts';

/**
 * Writes the diagnosis as a SARIF log with one run.
 *
 * @param rules the declarations of all rules that ran
 */
export function sarifReport({ findings, notes }: Diagnosis, rules: readonly Declaration[]): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'oidc-authz doctor', version, rules: rules.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: notes.map((text) => ({ level: 'note', message: { text } })),
          },
        ],
        results: findings.map((finding) => resultOf(finding, rules)),
      },
    ],
  };
  return `${escapeInvisible(JSON.stringify(log, null, 2))}\n`;
}

function ruleOf({ id, title, severity, effect, fix }: Declaration) {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: effect },
    help: { text: `${effect} ${fix}`, markdown: `**Effect.** ${effect}\n\n**Fix.** ${fix}` },
    defaultConfiguration: { level: severity },
  };
}

function resultOf({ id, severity, place, cause, effect, fix }: Finding, rules: readonly Declaration[]) {
  return {
    ruleId: id,
    ruleIndex: rules.findIndex((rule) => rule.id === id),
    level: severity,
    message: { text: [subjectOf(place), cause, effect, fix].filter((part) => part !== '').join(' ') },
    locations: [locationOf(place)],
    partialFingerprints: {
      'oidcAuthzFinding/v1': createHash('sha256')
        .update(JSON.stringify([id, place.object, place.path, cause]))
        .digest('hex'),
    },
  };
}

function locationOf({ file, line, object, path }: Place) {
  const uri = /^https?:/.test(file)
    ? file
    : isAbsolute(file)
      ? pathToFileURL(file).href
      : encodeURI(file.replaceAll('\\', '/'));
  const name = nameOf({ object, path });
  return {
    physicalLocation: {
      artifactLocation: { uri },
      ...(line !== undefined && { region: { startLine: line } }),
    },
    ...(name !== '' && { logicalLocations: [{ fullyQualifiedName: name }] }),
  };
}

/** The object and the field of a place; empty if it has none. */
function nameOf({ object, path }: Pick<Place, 'object' | 'path'>): string {
  return [object, path].filter((part) => part !== '').join(' ');
}

function subjectOf(place: Place): string {
  const name = nameOf(place);
  return name === '' ? '' : `${name}:`;
}
