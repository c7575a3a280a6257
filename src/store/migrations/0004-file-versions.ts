/** What a report compares of each session file, in one place: a few pages instead of one for each file's state. */
export const FILE_VERSIONS = `
CREATE INDEX history_files_by_version ON history_files (path, size_bytes, modified_at_ms, problem);
`;
