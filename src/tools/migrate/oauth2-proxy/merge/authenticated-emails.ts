/** The email addresses of the file that `authenticated-emails-file` names. */
import type { Collected } from '../read/collected.ts';
import { readEmails } from '../read/emails.ts';
import { isNamedBy } from '../read/file-names.ts';
import type { SortedFiles } from '../read/sort-files.ts';
import type { Installation } from './installation.ts';
import { mountedAt } from './mounted-files.ts';

/** Reads the addresses of the named file; undefined if there are none. Refuses address files that no setting names. */
export function readAuthenticatedEmails(
  settings: Installation['settings'],
  { emails }: SortedFiles,
  collected: Collected,
): readonly string[] | undefined {
  const flag = 'authenticated-emails-file';
  const path = settings.get(flag)?.value ?? '';
  const isNamed = typeof path === 'string' && path !== '';
  const mounted = isNamed ? mountedAt(path, collected) : undefined;
  const isElsewhere = mounted !== undefined && ('text' in mounted || mounted.isFile === true);
  const input = emails.find(
    ({ name, names = [name] }) => isNamed && !isElsewhere && names.some((one) => isNamedBy(path, one)),
  );
  const file = mounted !== undefined && 'text' in mounted ? mounted : input;
  if (file !== undefined) readEmails(file, collected);
  else if (mounted !== undefined && 'lacks' in mounted)
    collected.findings.push({
      setting: flag,
      source: settings.get(flag)?.source ?? '',
      verdict: 'refused',
      text: `${path} is in ${mounted.lacks}, which is not among the files; pass it as well`,
    });
  for (const { name } of emails)
    if (name !== file?.name)
      collected.findings.push({
        setting: name,
        source: name,
        verdict: 'refused',
        text: `it is not read: no setting of oauth2-proxy names it with \`--${flag}\``,
      });
  const found = collected.emails;
  return found.length > 0 ? [...new Set(found)] : undefined;
}
