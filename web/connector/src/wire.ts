import type { CrudTransaction } from '@powersync/common';
import { TurnkeyError } from './errors.js';

/** One CRUD entry on the wire: the reference contract, plus op_id for exactly-once. */
export interface WireEntry {
  op: string;
  table: string;
  id: string;
  op_id: number;
  transaction_id?: number;
  op_data?: Record<string, unknown>;
  previous_values?: Record<string, unknown>;
  metadata?: string;
}

/** What the server said about one transaction. */
export interface WireResult {
  status: 'success' | 'retryable_error' | 'fatal_error' | 'not_attempted';
  message?: string;
  retry_after_ms?: number;
  error_code?: string;
  requires_client_handling?: boolean;
  rejection_id?: string;
  failed_operation?: {
    error_code: string;
    message?: string;
    hint?: string;
    details?: unknown;
    operation_index?: number;
  };
}

/** A whole transaction as it is sent. */
export function wireTransaction(tx: CrudTransaction) {
  const crud = tx.crud.map((e): WireEntry => ({
    op: e.op,
    table: e.table,
    id: e.id,
    op_id: e.clientId,
    ...(e.transactionId === undefined ? {} : { transaction_id: e.transactionId }),
    ...(e.opData === undefined ? {} : { op_data: e.opData }),
    ...(e.previousValues === undefined ? {} : { previous_values: e.previousValues }),
    ...(e.metadata === undefined ? {} : { metadata: e.metadata })
  }));
  return { ...(tx.transactionId === undefined ? {} : { transaction_id: tx.transactionId }), crud };
}

const STATUSES = ['success', 'retryable_error', 'fatal_error', 'not_attempted'];

/**
 * Checks the answer before anything is taken off the queue: an answer that is not exactly what the
 * contract promises must never complete a transaction.
 */
export function readResults(body: unknown, sent: number): WireResult[] {
  const results = (body as { results?: unknown } | undefined)?.results;
  if (!Array.isArray(results) || results.length !== sent) {
    throw new TurnkeyError(`The answer does not have one result for each of ${sent} transactions`, 200, 'malformed_answer');
  }
  for (const r of results as WireResult[]) {
    const fatal = r?.status === 'fatal_error';
    const ok =
      STATUSES.includes(r?.status) &&
      (!fatal || (typeof r.requires_client_handling === 'boolean' && typeof r.failed_operation?.error_code === 'string'));
    if (!ok) throw new TurnkeyError('The answer has a malformed result', 200, 'malformed_answer');
  }
  return results as WireResult[];
}
