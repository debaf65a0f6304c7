/** What was logged. */
import { headerNamePattern } from '../../../../config/values/header-names.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import type { Part } from './part.ts';
import { isOn, listOf, quotedList, textOf, withoutUndefined } from './setting-values.ts';

/** Translates what is said of the log. */
export function translateLog(installation: Installation): Part {
  const isRequest = isOn(installation, 'request-logging', true);
  const isAuth = isOn(installation, 'auth-logging', true);
  const checks = isRequest ? 'all' : isAuth ? undefined : 'none';
  const paths = listOf(installation, 'exclude-logging-path');
  // A path is compared as it came, so one with a query or without a slash was never excluded.
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
          ? '`log.checks: all`: the record of a check tells its outcome too'
          : `\`log.checks: ${checks ?? 'denied'}\``,
      ),
      ...(isOn(installation, 'standard-logging', true)
        ? findingIfSet(installation, 'standard-logging', 'kept', '`log.level: info`, the default')
        : findingIfSet(
            installation,
            'standard-logging',
            'changed',
            'what the service tells of itself is always logged; `log.level: warn` leaves out what is no trouble, the checks among it',
          )),
      ...(paths.length === 0
        ? findingIfSet(installation, 'exclude-logging-path', 'meaningless', 'it is empty')
        : others.length === 0
          ? findingIfSet(installation, 'exclude-logging-path', 'kept', '`log.excludePaths`')
          : findingIfSet(
              installation,
              'exclude-logging-path',
              'changed',
              `${quotedList(others)} can be no path and is left out; the others are \`log.excludePaths\``,
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
            'that is no name of a header; `log.requestIdHeader` is x-request-id',
          )),
    ],
  };
}
