import { callsQuery, callUrl, hasFilters, listSearch, listUrl, readRoute, toggleUnfold } from '../src/lib/url.js';
import { nearestKey, readQuery, unknownKeys, withKey } from '../src/lib/query.js';
import { equal, test } from './tap.js';

test('a list and its address, there and back', () => {
  const list = { q: 'from:"Ann B" +44', state: 'failed', status: '4xx', after: '-1h', device: 'a&b=c' };
  const url = listUrl(list);
  equal(readRoute('/', url.slice(1), ''), { page: 'list', list });
});
test('what says nothing is left out', () => {
  equal(listUrl({ q: ' ', kind: 'call', state: '' }), '/');
  equal(hasFilters({ q: 'x', kind: 'call' }), false);
  equal(hasFilters({ kind: 'any' }), true);
});
test('keys stay readable in the address', () => equal(listSearch({ q: 'code:486,487' }), '?q=code:486,487'));
test('unknown parameters are ignored', () => equal(readRoute('/', '?x=1&q=2&constructor=3', ''), { page: 'list', list: { q: '2' } }));
test('a call and its address, there and back', () => {
  equal(callUrl('a/b?c', 'messages', [12, 15], '3,9'), '/call/a%2Fb%3Fc?view=messages&unfold=3,9#m12,15');
  equal(readRoute('/call/a%2Fb%3Fc', '?view=messages&unfold=3,9', '#m12,15'), { page: 'call', id: 'a/b?c', view: 'messages', pins: [12, 15], unfold: '3,9' });
});
test('a hostile address of a call', () => {
  equal(readRoute('/call/%E0%A4%A', '?view=<x>&unfold=1;2', '#m1,2,3'), { page: 'call', id: '%E0%A4%A', view: 'ladder', pins: [], unfold: '' });
  equal(readRoute('/call/x', '', '#m0'), { page: 'call', id: 'x', view: 'ladder', pins: [], unfold: '' });
});
test('the query of a page of calls', () => {
  equal(callsQuery({ q: 'a b', kind: 'any' }, 50, '12-x'), '/api/v1/calls?q=a+b&kind=any&limit=50&cursor=12-x');
});
test('folds open and close', () => {
  equal(toggleUnfold('', 12, [12, 31]), '12');
  equal(toggleUnfold('12,31', 12, [12, 31]), '31');
  equal(toggleUnfold('all', 12, [12, 31]), '31');
});
test('the search box', () => {
  equal(readQuery('from:0163 "two words" ua:"snom 3" x'), [
    { key: 'from', value: '0163' }, { key: '', value: 'two words' }, { key: 'ua', value: 'snom 3' }, { key: '', value: 'x' },
  ]);
  equal(unknownKeys('fron:1 sip:201@x code:486 10:30'), ['fron']);
  equal([nearestKey('fron'), nearestKey('callid'), nearestKey('zzzzz')], ['from', 'call-id', '']);
  equal([withKey('', 'from'), withKey('a ', 'to')], ['from:', 'a to:']);
});
