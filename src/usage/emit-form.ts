/** The forms in which the usage of a run can be written to stdout when Codex has ended: the records that programs look for. */
export const EMIT_FORMS = ['usage', 'turn.completed'] as const;
export type EmitForm = (typeof EMIT_FORMS)[number];

/** The key by which a line that we wrote is known among Codex's. */
export const OWN_KEY = 'codex_metered';
