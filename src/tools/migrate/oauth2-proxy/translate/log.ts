/** What was logged. */
import { headerNamePattern } from '../../../../config/values/header-names.ts';
import type { Given } from '../read/setting.ts';
import { isOn, judged, listed, listOf, type Part, present, textOf } from './setting-values.ts';

/** Translates what is said of the log. */
export function translateLog(given: Given): Part {
  const isRequest = isOn(given, 'request-logging', true);
  const isAuth = isOn(given, 'auth-logging', true);
  const checks = isRequest ? 'all' : isAuth ? undefined : 'none';
  const paths = listOf(given, 'exclude-logging-path');
  // A path is compared as it came, so one with a query or without a slash was never excluded.
  const excludePaths = [...new Set(paths.filter((path) => /^\/[^?#]*$/.test(path)))];
  const others = paths.filter((path) => !excludePaths.includes(path));
  const header = textOf(given, 'request-id-header').toLowerCase();
  const isHeader = header !== '' && headerNamePattern.test(header);
  const log = present({
    checks,
    excludePaths: excludePaths.length === 0 ? undefined : excludePaths,
    requestIdHeader: isHeader && header !== 'x-request-id' ? header : undefined,
  });
  return {
    config: Object.keys(log).length === 0 ? {} : { log },
    findings: [
      ...judged(given, 'request-logging', 'kept', `\`log.checks: ${checks ?? 'denied'}\``),
      ...judged(
        given,
        'auth-logging',
        'kept',
        isRequest
          ? '`log.checks: all`: the record of a check tells its outcome too'
          : `\`log.checks: ${checks ?? 'denied'}\``,
      ),
      ...(isOn(given, 'standard-logging', true)
        ? judged(given, 'standard-logging', 'kept', '`log.level: info`, the default')
        : judged(
            given,
            'standard-logging',
            'changed',
            'what the service tells of itself is always logged; `log.level: warn` leaves out what is no trouble, the checks among it',
          )),
      ...(paths.length === 0
        ? judged(given, 'exclude-logging-path', 'meaningless', 'it is empty')
        : others.length === 0
          ? judged(given, 'exclude-logging-path', 'kept', '`log.excludePaths`')
          : judged(
              given,
              'exclude-logging-path',
              'changed',
              `${listed(others)} can be no path and is left out; the others are \`log.excludePaths\``,
            )),
      ...(isHeader || header === ''
        ? judged(given, 'request-id-header', 'kept', `\`log.requestIdHeader: ${header || 'x-request-id'}\``)
        : judged(
            given,
            'request-id-header',
            'changed',
            'that is no name of a header; `log.requestIdHeader` is x-request-id',
          )),
    ],
  };
}
