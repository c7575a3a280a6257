import { describe, expect, it } from 'vitest';
import { isPossibleTag, MOST_TAG_CHARACTERS, nameRepository, parseTag } from '../../src/usage/tags.js';

describe('the repository of a remote', () => {
  it.each([
    ['https://github.com/acme/shop.git', 'acme/shop'],
    ['https://ada:hunter2@github.com/acme/shop', 'acme/shop'],
    ['https://x-access-token@github.com:8443/acme/shop.git/', 'acme/shop'],
    ['git@github.com:acme/shop.git', 'acme/shop'],
    ['github.com:acme/shop', 'acme/shop'],
    ['ssh://git@gitlab.example.com:2222/acme/tools/web/shop.git', 'acme/tools/web/shop'],
    ['git://example.com/acme/shop.git?depth=1#main', 'acme/shop'],
    ['https://acme@dev.azure.com/acme/platform/_git/shop', 'acme/platform/shop'],
    ['git@ssh.dev.azure.com:v3/acme/platform/shop', 'acme/platform/shop'],
  ])('%s is named without host and password', (url, name) => {
    expect(nameRepository(url)).toBe(name);
  });

  it.each([
    '/srv/git/shop.git',
    'file:///srv/git/shop.git',
    '../shop',
    'C:\\git\\shop',
    'C:/git/shop',
    'https://host/shop',
    '',
  ])('is not named where it is none of a host: %j', (url) => {
    expect(nameRepository(url)).toBeUndefined();
  });
});

describe('a tag', () => {
  it.each([
    ['team=search', { key: 'team', value: 'search' }],
    [' team = search ', { key: 'team', value: 'search' }],
    ['query=a=b&c==', { key: 'query', value: 'a=b&c==' }],
    ['mood=🙂 👩‍🚀', { key: 'mood', value: '🙂 👩‍🚀' }],
    ['__proto__=x', { key: '__proto__', value: 'x' }],
  ])('is read from %j', (written, tag) => {
    expect(parseTag(written)).toEqual(tag);
  });

  it.each([
    ['team', 'it has no "="'],
    ['=search', 'its key is empty'],
    ['team= ', 'its value is empty'],
    ['my team=search', 'its key has a space'],
    ['team=a\nb', 'it has control characters'],
    ['team=a\u0000b', 'it has control characters'],
    ['team=\u009b31m', 'it has control characters'],
    ['team=\ud83d', 'it has control characters'],
  ])('cannot be %j', (written, fault) => {
    expect(parseTag(written)).toBe(fault);
  });

  it('may be so long, counted in characters', () => {
    const faces = '🙂'.repeat(MOST_TAG_CHARACTERS);
    expect(isPossibleTag({ key: 'mood', value: faces })).toBe(true);
    expect(isPossibleTag({ key: 'mood', value: `${faces}.` })).toBe(false);
    expect(isPossibleTag({ key: 'k'.repeat(MOST_TAG_CHARACTERS + 1), value: 'v' })).toBe(false);
  });
});
