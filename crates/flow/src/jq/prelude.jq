# Definitions of jq 1.6's builtins in terms of the native filters.

def empty: {}[] as $x | .;
def null: [][0];
def true: 0 == 0;
def false: 0 != 0;
def not: if . then false else true end;
def error: if . == null then empty else error_empty as $x | . end;
def error(msgs): (msgs | if . == null then empty else error_empty end) as $x | .;
def select(f): if f then . else empty end;
def tostring: "\(.)";

def range($from; $to): if ($from | type) != "number" or ($to | type) != "number" then error("Range bounds must be numeric") else range($from; $to; 1) end;
def range($to): range(0; $to);
def repeat(f): def rec: f, rec; rec;
def recurse(f): def rec: ., (f | rec); rec;
def recurse: recurse(.[]?);
def recurse(f; cond): def rec: ., (f | select(cond) | rec); rec;
def recurse_down: recurse;
def while(cond; update): def rec: if cond then ., (update | rec) else empty end; rec;
def until(cond; update): def rec: if cond then . else update | rec end; rec;
def isempty(g): label $go | (first((g | false), true) | ., break $go);

def map(f): [.[] | f];
def map_values(f): .[] |= f;
def walk(f): def rec: (if type == "object" then map_values(rec) elif type == "array" then map(rec) else . end) | f; rec;
def bsearch($wanted): . as $list
  | { from: 0, to: length }
  | until(.from >= .to; ((.from + .to) / 2 | floor) as $middle
      | if $list[$middle] < $wanted then .from = $middle + 1 else .to = $middle end)
  | if .from < ($list | length) and $list[.from] == $wanted then .from else -1 - .from end;
def add(f): reduce f as $x (null; . + $x);
def flatten: flatten_to(1e9);
def flatten($levels): flatten_to($levels);
def transpose: . as $rows | [range(0; map(length) | max // 0) as $i | [$rows[][$i]]];
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def inside($whole): . as $part | $whole | contains($part);
def unique: unique_by(.);
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else last(limit($n + 1; f)) end;
def in(whole): . as $key | whole | has($key);
def ascii: [.] | implode;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(unit; n): . + n;
def datesub(unit; n): . - n;
def any(g; cond): first((g | if cond then true else empty end), false);
def all(g; cond): first((g | if cond then empty else false end), true);
def any: any(.[]; .);
def all: all(.[]; .);
def any(cond): any(.[]; cond);
def all(cond): all(.[]; cond);

def from_entries: reduce .[] as $entry ({};
  . + { ($entry | if .key == null then .k // .name // .Name // .K // .Key else .key end
         | if type == "string" then . else tojson end):
        ($entry | if has("value") then .value elif has("Value") then .Value else .v end) });
def with_entries(f): to_entries | map(f) | from_entries;

def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def scalars: select(type | . != "array" and . != "object");
def finites: select(type == "number" and (isinfinite or isnan | not));
def normals: select(isnormal);

def getpath($path): if $path | type == "array" then reduce $path[] as $key (.; .[$key]) else error("Path must be specified as an array") end;
def setpath($path; $value): if $path | type == "array" then getpath($path) = $value else error("Path must be specified as an array") end;
def paths: path(..) | select(length > 0);
def paths(f): . as $dot | paths | select(. as $path | $dot | getpath($path) | f);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def pick(f): . as $dot | reduce path(f) as $path (null; setpath($path; $dot | getpath($path)));
def tostream: path(def rec: (.[]? | rec), .; rec) as $path | getpath($path)
  | reduce path(.[]?) as $last ([$path, .]; [$path + $last]);
def fromstream(f): { x: null, e: false } as $init
  | foreach f as $event ($init;
      if .e then $init else . end
      | if $event | length == 2
        then setpath(["e"]; $event[0] | length == 0) | setpath(["x"] + $event[0]; $event[1])
        else setpath(["e"]; $event[0] | length == 1) end;
      if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream
  | . as $event | if .[0] | length > $n then setpath([0]; $event[0][$n:]) else empty end;

def INDEX(stream; key): reduce stream as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def ascii(f): f | ascii;

def input_line_number: 0;

def pow10: exp10;
def logb: if . == 0 then -infinite elif isinfinite then infinite elif isnan then . else ilogb end;
def significand: if isinfinite or isnan or . == 0 then . else . / pow(2; ilogb) end;
def gamma: lgamma;
def lgamma_r: [lgamma, 1];
def drem($x; $y): remainder($x; $y);
def scalb($x; $e): $x * pow(2; $e);
def nexttoward($x; $y): nextafter($x; $y);
def abs: if type == "number" and . < 0 then -. else . end;
def toarray: if type == "array" then . else [.] end;

def match(re; flags): match_all(re; flags; false)[];
def test(re; flags): match_all(re; flags; true);
def pattern_and_flags: if type == "string" then [., null]
  elif type == "array" and length > 1 then .[:2]
  elif type == "array" and length > 0 then [.[0], null]
  else error(type + " not a string or array") end;
def match($re): ($re | pattern_and_flags) as [$pattern, $flags] | match($pattern; $flags);
def test($re): ($re | pattern_and_flags) as [$pattern, $flags] | test($pattern; $flags);
def named_groups: [.captures[] | select(.name != null) | { key: .name, value: .string }] | from_entries;
def capture(re; flags): match(re; flags) | named_groups;
def capture($re): match($re) | named_groups;
def matched_texts: if .captures | length > 0 then [.captures[].string] else .string end;
def scan($re; $flags): match($re; "g" + $flags) | matched_texts;
def scan($re): scan($re; null);
def split($re; flags): . as $text
  | [foreach ((match($re; flags + "g") | [.offset, .length]), null) as $match ([0, null];
      if $match == null then [0, $text[.[0]:]] else [$match[0] + $match[1], $text[.[0]:$match[0]]] end; .[1])];
def splits($re; flags): split($re; flags)[];
def splits($re): splits($re; null);
def sub($re; f): if $re | type == "string" then sub($re; f; null) else error(($re | type) + " not a string or array") end;
def gsub(re; f; $flags): sub(re; f; $flags + "g");
def gsub(re; f): sub(re; f; "g");
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; stream; key): stream | [., $index[key]];
def JOIN($index; stream; key; f): stream | [., $index[key]] | f;
def isfinite: type == "number" and (isinfinite | not);
def isvalid(f): try (f | true) catch false;
