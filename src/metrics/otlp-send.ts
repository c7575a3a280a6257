import { DiagLogLevel, diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** How a request ended. `rejected`: how many of its items the collector refused, and why, where it says so. */
export type Sent =
  | { readonly ok: true; readonly rejected: number; readonly reason: string }
  | { readonly ok: false; readonly problem: string };

/** Sends one request with an exporter. Never rejects; no text has one of `secrets` in it. */
export async function send(
  start: (done: (result: ExportResult) => void) => void,
  secrets: readonly string[],
): Promise<Sent> {
  const partial = { rejected: 0, reason: '' };
  const ignore = () => undefined;
  const warn = (_: string, details: unknown) => Object.assign(partial, readPartial(details, secrets));
  // Only in its log does the exporter say that a collector has taken a part of a request.
  const logger = { error: ignore, warn, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  try {
    const result = await new Promise<ExportResult>(start);
    if (result.code === ExportResultCode.SUCCESS) return { ok: true, ...partial };
    return { ok: false, problem: hide(explain(result.error), secrets) };
  } catch (error) {
    return { ok: false, problem: hide(explain(error), secrets) };
  } finally {
    diag.disable();
  }
}

function readPartial(details: unknown, secrets: readonly string[]) {
  try {
    const { rejectedDataPoints, rejectedLogRecords, errorMessage } = JSON.parse(String(details));
    const reason = hide(String(errorMessage ?? ''), secrets).replace(/\p{Cc}+/gu, ' ');
    return { rejected: Number(rejectedDataPoints ?? rejectedLogRecords ?? 0), reason: reason.slice(0, 200) };
  } catch {
    return {};
  }
}

/** The body of an answer is left out: a collector may repeat what it was sent. */
function explain(error: unknown): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'number') return `it answered with ${code}${ADVICE[code] ?? ''}`;
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)';
  if (message === 'Request timed out') return 'it did not answer in time (OTEL_EXPORTER_OTLP_TIMEOUT)';
  if (typeof message === 'string' && /retryable status/.test(message)) {
    return 'it answered with 429, 502, 503 or 504 until the time was over: it is overloaded or not ready';
  }
  if (typeof code === 'string')
    return CERTIFICATE.test(code)
      ? `its certificate is not valid here (${code}): OTEL_EXPORTER_OTLP_CERTIFICATE names that of an own authority`
      : `the connection failed (${code})`;
  return String(message ?? error).slice(0, 200);
}

const CERTIFICATE = /CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO_/;

const ADVICE: Readonly<Record<number, string>> = {
  400: ': it does not understand the request',
  401: ': it wants credentials, which OTEL_EXPORTER_OTLP_HEADERS has',
  403: ': it refuses the credentials of OTEL_EXPORTER_OTLP_HEADERS',
  404: ': there is nothing of the kind at this path',
  413: ': the request is too large for it',
  415: ': it does not take protobuf',
};

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, '…'), text);
}
