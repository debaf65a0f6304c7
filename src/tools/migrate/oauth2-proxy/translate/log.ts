/** Translates the log settings. */
import { headerNamePattern } from '../../../../config/values/header-names.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import type { Part } from './part.ts';
import { isOn, listOf, quotedList, textOf, withoutUndefined } from './setting-values.ts';

/** Translates all log settings. */
export function translateLog(installation: Installation): Part {
  const isRequest = isOn(installation, 'request-logging', true);
  const isAuth = isOn(installation, 'auth-logging', true);
  const checks = isRequest ? 'all' : isAuth ? undefined : 'none';
  const paths = listOf(installation, 'exclude-logging-path');
  // oauth2-proxy compares the path unchanged, so an entry with a query or without a leading slash never matches.
  const excludePaths = [...new Set(paths.filter((path) => /^\/[^?#]*$/.test(path)))];
  const others = paths.filter((path) => !excludePaths.includes(path));
  const header = textOf(installation, 'request-id-header').toLowerCase();
  const isHeader = header !== '' && headerNamePattern.test(header);
  const log = withoutUndefined({
    checks,
    excludePaths: excludePaths.length === 0 ? undefined : excludePaths,
    requestIdHeader: isHeader && header !== 'x-request-id' ? header : undefined,
  });
  return {
    config: Object.keys(log).length === 0 ? {} : { log },
    findings: [
      ...findingIfSet(installation, 'request-logging', 'kept', `\`log.checks: ${checks ?? 'denied'}\``),
      ...findingIfSet(
        installation,
        'auth-logging',
        'kept',
        isRequest
          ? '`log.checks: all`: the record of a check contains its result'
          : `\`log.checks: ${checks ?? 'denied'}\``,
      ),
      ...(isOn(installation, 'standard-logging', true)
        ? findingIfSet(installation, 'standard-logging', 'kept', '`log.level: info`, the default')
        : findingIfSet(
            installation,
            'standard-logging',
            'changed',
            'the service always logs its own events; `log.level: warn` drops records that report no problem, including checks',
          )),
      ...(paths.length === 0
        ? findingIfSet(installation, 'exclude-logging-path', 'meaningless', 'it is empty')
        : others.length === 0
          ? findingIfSet(installation, 'exclude-logging-path', 'kept', '`log.excludePaths`')
          : findingIfSet(
              installation,
              'exclude-logging-path',
              'changed',
              `${quotedList(others)} is not a path and is left out; the others are \`log.excludePaths\``,
            )),
      ...(isHeader || header === ''
        ? findingIfSet(
            installation,
            'request-id-header',
            'kept',
            `\`log.requestIdHeader: ${header || 'x-request-id'}\``,
          )
        : findingIfSet(
            installation,
            'request-id-header',
            'changed',
            'it is not a valid header name; `log.requestIdHeader` is x-request-id',
          )),
    ],
  };
}
