import type { Note } from '../usage/record.js';
import type { Connection } from './open.js';

/** Records a note of an invocation. The same note is recorded once, however often its change is applied. */
export function insertNote(connection: Connection, invocationId: string, note: Note): void {
  connection
    .prepare(
      `INSERT INTO notes (invocation_id, kind, reason, figures, noted_at_ms)
       SELECT @invocationId, @kind, @reason, @figures, @now
       WHERE NOT EXISTS (SELECT 1 FROM notes WHERE invocation_id = @invocationId
         AND kind = @kind AND reason = @reason AND figures = @figures)`,
    )
    .run({
      invocationId,
      kind: note.kind,
      reason: note.reason,
      figures: JSON.stringify(note.figures),
      now: Date.now(),
    });
}
