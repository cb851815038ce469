#!/bin/sh
# Is there a valid GO in this folder? Asked of nothing but files, with stock tools: sh, OpenSSH's
# ssh-keygen, jq, and coreutils. No relman, no Python, no network, no git.
#
#   checklists/verify.sh FOLDER [--genesis sha256:DIGEST] [--at TIME] [--known sha256:DIGEST]
#
#   FOLDER     a folder of a request, below checklists/
#   --genesis  the first policy's digest, as your admins tell it; or RELMAN_GENESIS. It is what makes a
#              repository that somebody rewrote as a whole worthless, so do not take it from the repository.
#   --at       the instant at which keys and times must hold, as `date -d` reads it: for a release that was
#              made. Without it: now.
#   --known    a policy that you know to have been in force. Up to it each version is judged by its own
#              date, and not by keys that were revoked since.
#
# Ends with 0 if it is valid, 3 if it is not, 7 if something was changed after it was signed, 2 for a wrong
# command, 69 if a tool is missing. What it does not check it says, each time.
#
# What it is not: relman's own verification (inv checklist.verify), which asks the ledger, git and the
# platform too. This one may refuse more, and never accepts what that one refuses for a reason that both
# check. The steps have the same numbers.
set -u
umask 077
LC_ALL=C
export LC_ALL
unset CDPATH POSIXLY_CORRECT SSH_SK_PROVIDER

CAP=65536 DEPTH=16 SKEW=300 LONGEST=691200 MOST=256 SIGNATURES=64
GO=go@relman.dev POLICY=policy@relman.dev

say() { # say WORD WHAT: without what a terminal would obey
    printf '%-9s %s' "$1" "$2" | tr -d '\000-\037\177'
    printf '\n'
}

unchecked() {
    printf '\nNot checked here; inv checklist.verify does, where relman runs:\n'
    say "" "that relman.toml, and the checklist's template, are those that the policy binds (T08)"
    say "" "that the checklist has every item of the template, and its gates' names (T05)"
    say "" "that what is bound is so: what serves, the image, plan, template, difference, authors in git (T04 to T07)"
    say "" "who is on call by the rota, and whether the window is open: the request's word is taken"
    say "" "the ledger: that it is used once (T04), no vote is missing (T12), no policy went back (T08)"
    say "" "that the digest of the first policy is the right one: it is yours"
}

ended() { # ended CODE STEP WHY
    say NO "step $2: $3"
    unchecked
    exit "$1"
}
refused() { ended 3 "$1" "$2"; }
tampered() { ended 7 "$1" "$2"; }
usage() {
    printf 'verify.sh: %s\nusage: %s\n' "$1" \
        'checklists/verify.sh FOLDER [--genesis sha256:DIGEST] [--at TIME] [--known sha256:DIGEST]' >&2
    exit 2
}

for tool in ssh-keygen jq sha256sum base64 od head wc tr cut date mktemp rm cat; do
    command -v "$tool" >/dev/null || {
        printf 'verify.sh: there is no %s here\n' "$tool" >&2
        exit 69
    }
done

# ── what was asked ───────────────────────────────────────────────────────────────────────────────

folder='' genesis=${RELMAN_GENESIS:-} at='' known=''
while [ $# -gt 0 ]; do
    case $1 in
    --genesis | --at | --known)
        [ $# -gt 1 ] || usage "$1 takes a value"
        case $1 in
        --genesis) genesis=$2 ;;
        --at) at=$2 ;;
        *) known=$2 ;;
        esac
        shift 2
        ;;
    -*) usage "there is no $1" ;;
    *)
        [ -z "$folder" ] || usage "one folder at a time"
        folder=${1%/}
        shift
        ;;
    esac
done
[ -n "$folder" ] || usage "which folder"
genesis=${genesis#sha256:} known=${known#sha256:}
digest_like() {
    case $1 in *[!0-9a-f]*) return 1 ;; esac
    [ ${#1} -eq 64 ]
}
digest_like "$genesis" || usage "no genesis: --genesis sha256:DIGEST, or RELMAN_GENESIS, of 64 hex digits"
[ -z "$known" ] || digest_like "$known" || usage "--known is no digest"
if [ -n "$at" ]; then
    case $at in *[!0-9]*) ;; *) at=@$at ;; esac
    at=$(date -u -d "$at" +%s 2>/dev/null) || usage "--at is no time"
else
    at=$(date -u +%s)
fi

name=${folder##*/}
case $folder in
*/*) checklists=${folder%/*} ;;
*) checklists=${0%/*} folder=${0%/*}/$folder ;;
esac
case $name in
'' | [!A-Za-z0-9_]* | *[!A-Za-z0-9._@+-]*) usage "no folder of a request is called that" ;;
esac
[ -d "$folder" ] && [ ! -L "$folder" ] || refused 1 "$folder is no folder"

scratch=$(mktemp -d) || exit 69
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# ── what lies there, read with care ──────────────────────────────────────────────────────────────

take() { # take PATH COPY: a regular file of at most 64 kB, as a copy that nobody changes meanwhile
    [ ! -L "$1" ] && [ -f "$1" ] && head -c $((CAP + 1)) <"$1" >"$2" 2>/dev/null &&
        [ "$(wc -c <"$2")" -le "$CAP" ]
}

sha() { sha256sum <"$1" | cut -c 1-64; }

# What every filter of jq may use.
# shellcheck disable=SC2016  # the dollars are jq's
lib='
def depth: if type == "object" or type == "array" then 1 + ([.[] | depth] | max // 0) else 0 end;
def only($must; $may): type == "object" and (keys - $must - $may == []) and ($must - keys == []);
def word($most): type == "string" and length >= 1 and length <= $most;
def hex($digits): type == "string" and length == $digits and test("^[0-9a-f]+$");
def sha256: only(["sha256"]; []) and (.sha256 | hex(64));
def moment: type == "number" and . >= 0 and . < 1099511627776;
def listed(f): type == "array" and all(.[]; f);
def subject: only(["name", "digest"]; []) and (.name | word(200)) and (.digest | sha256);
def on_call: ascii_downcase | . == "on-call" or . == "oncall";
def as_list: if . == null then [] elif type == "string" then [.] else . end;
'

truth() { # truth FILTER FILE…: whether a filter says true, and nothing else
    filter=$1
    shift
    [ "$(jq -c "$lib $filter" "$@" 2>/dev/null)" = true ]
}

canonical() { # canonical FILE: one JSON object in its RFC 8785 form; numbers are whole, as all of ours
    jq -cjSs "$lib if length == 1 and (.[0] | type == \"object\" and depth <= $DEPTH
        and all(.. | numbers; tojson | test(\"^(0|[1-9][0-9]{0,15})\$\"))) then .[0] else error(\"no\") end" \
        "$1" >"$scratch/form" 2>/dev/null && [ "$(sha "$scratch/form")" = "$(sha "$1")" ]
}

# ── keys and signatures ──────────────────────────────────────────────────────────────────────────

strict64() { # strict64 TEXT: base64 that is the only one of its bytes
    [ -n "$1" ] && [ "$(printf %s "$1" | base64 -d 2>/dev/null | base64 -w 0)" = "$1" ]
}

keys_fit() { # keys_fit FILE: lines of KIND KEY, each of a kind that may sign, RSA of 2048 bits or more
    lines=0
    while read -r kind key rest; do
        case $kind in
        ssh-ed25519 | ecdsa-sha2-nistp256 | ecdsa-sha2-nistp384 | ssh-rsa) ;;
        sk-ssh-ed25519@openssh.com | sk-ecdsa-sha2-nistp256@openssh.com) ;;
        *) return 1 ;;
        esac
        [ -z "$rest" ] && strict64 "$key" || return 1
        lines=$((lines + 1))
    done <"$1"
    [ "$lines" -eq 0 ] && return 0
    ssh-keygen -l -f "$1" >"$scratch/printed" 2>/dev/null || return 1
    [ "$(wc -l <"$scratch/printed")" -eq "$lines" ] || return 1
    while read -r bits rest; do
        case $rest in *'(RSA)') [ "$bits" -ge 2048 ] || return 1 ;; esac
    done <"$scratch/printed"
}

as_text() { # as_text FILE: UTF-8 without any character that another program might read otherwise
    [ "$(jq -Rsj . "$1" 2>/dev/null | sha256sum)" = "$(sha256sum <"$1")" ] &&
        [ "$(jq -Rs 'explode | all(.[]; (. >= 32 or . == 10) and . != 127 and . != 65279)' "$1")" = true ]
}

# A list of signers as JSON lines; only what relman and ssh-keygen read alike: exact names, dates in UTC.
# shellcheck disable=SC2016
signers_json='
def option: "(?:namespaces|valid-after|valid-before)=\"[^\"\\\\]*\"";
def date: if test("^[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?Z$") then (rtrimstr("Z") + "000000")[0:14] as $d
    | ($d | strptime("%Y%m%d%H%M%S") | mktime) as $t
    | if ($t | strftime("%Y%m%d%H%M%S")) == $d and $t > 0 then $t else error("no date") end
    else error("no date") end;
def names($form): split(",") | if all(.[]; test($form)) then . else error("not exact") end;
split("\n")[] | select(. != "" and (startswith("#") | not))
| (capture("^(?<who>[^ ]+) (?<options>" + option + "(?:," + option + ")*) (?<kind>[^ ]+) (?<key>[^ ]+)(?: .*)?$")
    // error("no line of the form")) as $line
| [$line.options | match("([a-z-]+)=\"([^\"\\\\]*)\""; "g") | {key: .captures[0].string, value: .captures[1].string}]
    as $pairs
| ($pairs | from_entries) as $said
| if ($said | length) != ($pairs | length) or ($said["valid-after"] | not) or ($said.namespaces | not)
    then error("options") else . end
| ($said["valid-after"] | date) as $after
| (if $said["valid-before"] then $said["valid-before"] | date else null end) as $before
| if $before != null and $before <= $after then error("dates") else . end
| {names: ($line.who | names("^[A-Za-z0-9_][A-Za-z0-9._+@-]{0,126}$")),
    uses: ($said.namespaces | names("^[A-Za-z0-9][A-Za-z0-9._@-]{0,126}$")),
    key: ($line.kind + " " + $line.key)}
'

signers_fit() { # signers_fit FILE JSON: a list that both read alike, its lines as JSON
    as_text "$1" && jq -Rs -c "$signers_json" "$1" >"$2" 2>/dev/null || return 1
    jq -r .key "$2" >"$scratch/listed" && keys_fit "$scratch/listed"
}

# Whether a signature, in hex, is for $for, with nothing before, behind or between what OpenSSH writes, and
# whether a person was there: a hardware key says so in its flags, and stock does not look.
# shellcheck disable=SC2016
sshsig='
def digit: if . >= 97 then . - 87 else . - 48 end;
def number: reduce (explode[] | digit) as $d (0; . * 16 + $d);
def field: if (.left | length) < 8 then error("short") else . end
    | (.left[0:8] | number * 2) as $size
    | if (.left | length) < 8 + $size then error("short") else . end
    | {got: .left[8:8 + $size], left: .left[8 + $size:]};
def text: [explode | range(0; length; 2) as $i | ((.[$i] | digit) * 16 + (.[$i + 1] | digit))] | implode;
rtrimstr("\n") | if startswith("53534853494700000001") then {left: .[20:]} else error("no SSHSIG") end
| field | .got as $key | field | .got as $namespace | field | .got as $reserved | field | .got as $hash
| field | .got as $own | if .left != "" then error("more") else . end
| ({left: $key} | field | .got | text) as $kind
| ({left: $own} | field) | .got as $algorithm | field | .left as $rest
| if $reserved != "" then error("reserved") else . end
| if ($kind | startswith("sk-")) then (if ($rest | length) != 10 then error("flags") else . end)
    elif $rest != "" then error("more") else . end
| {namespace: ($namespace | text), hash: ($hash | text), hardware: ($kind | startswith("sk-")),
    flags: (if $rest == "" then 0 else ($rest[0:2] | number) end)}
| (.hash == "sha512" or .hash == "sha256") and .namespace == $for and (.hardware or ($hardware | not))
    and ((.hardware | not) or (.flags % 2 == 1 and (($pin | not) or (.flags / 4 | floor) % 2 == 1)))
'

signature_fits() { # signature_fits SIG NAMESPACE HARDWARE PIN: its form, and that a person was there
    # Every byte of the armour: the shell drops NULs and cannot tell the last newlines apart, jq can.
    jq -Rs -e -r 'rtrimstr("\n")
        | if startswith("-----BEGIN SSH SIGNATURE-----\n") and endswith("\n-----END SSH SIGNATURE-----")
            then .[30:-28] else error("armour") end
        | if test("^(?:[A-Za-z0-9+/]+\n)*[A-Za-z0-9+/]+={0,2}$") then gsub("\n"; "") else error("base64") end' \
        "$1" >"$scratch/body" 2>/dev/null || return 1
    strict64 "$(cat "$scratch/body")" || return 1
    base64 -d <"$scratch/body" | od -An -v -tx1 | tr -d ' \n' >"$scratch/hex"
    [ "$(jq -R -c --arg for "$2" --argjson hardware "$3" --argjson pin "$4" "$sshsig" "$scratch/hex" 2>/dev/null)" = \
        true ]
}

signed_by() { # signed_by PRINCIPAL NAMESPACE FILE SIG SIGNERS REVOKED SECONDS: prints the fingerprint
    when=$(date -u -d "@$7" +%Y%m%d%H%M%SZ) || return 1
    told=$(ssh-keygen -Y verify -f "$5" -r "$6" -I "$1" -n "$2" -s "$4" "-Overify-time=$when" <"$3" 2>/dev/null) ||
        return 1
    case $told in
    *"Good \"$2\" signature for $1 with "*" key SHA256:"*) printf 'SHA256:%s' "${told##* key SHA256:}" ;;
    *) return 1 ;;
    esac
}

# ── step 0: the policy in force, from the pinned first one on ────────────────────────────────────

policies=$checklists/policy
if [ -L "$checklists" ] || [ -L "$policies" ] || [ ! -d "$policies" ]; then
    refused 0 "there is no policy in $policies"
fi
revoked=$scratch/revoked
: >"$revoked"
if [ -e "$checklists/revoked_keys" ] || [ -L "$checklists/revoked_keys" ]; then
    if ! take "$checklists/revoked_keys" "$revoked" || ! as_text "$revoked"; then
        refused 0 "revoked_keys cannot be read"
    fi
fi

revoked_fits() { # revoked_fits FILE KEYS: one public key a line, and those as KIND KEY
    jq -Rs -r 'split("\n")[] | select(. != "" and (startswith("#") | not)) | split(" ") | .[0:2] | join(" ")' \
        "$1" >"$2" 2>/dev/null && keys_fit "$2"
}
revoked_fits "$revoked" "$scratch/gone" || refused 0 "revoked_keys has a line that is no key"

policy_schema='
only(["type", "version", "createdAt", "admins", "quorum", "allowedSigners", "sections"];
    ["previous", "revoked", "approvals", "selfApproval", "hardware", "pin", "comment"])
and .type == "https://relman.dev/policy/v1"
and (.version | type == "number" and . >= 1 and . <= 999999) and (.createdAt | moment)
and (.admins | listed(word(200)) and length <= 64 and length == (unique | length))
and (.quorum | type == "number" and . >= 2 and . <= 64) and (.admins | length) > .quorum
and (.allowedSigners | hex(64)) and (.sections | type == "object" and all(.[]; hex(64)))
and (.previous == null or (.previous | hex(64)))
and ((.revoked // []) | listed(type == "string" and (test("\n") | not)))
and ((.approvals // {}) | type == "object" and all(.[]; type == "number" and . >= 1 and . <= 9))
and ((.selfApproval // []) | listed(word(200))) and ((.hardware // []) | listed(word(200)))
and (.pin == null or (.pin | type == "boolean")) and ((.comment // "") | type == "string" and length <= 2000)
'

version_fits() { # version_fits NUMBER: what the version says is whole; its copies are $scratch/NUMBER.*
    base=$scratch/$1
    take "$policies/$1.json" "$base.json" && take "$policies/$1.allowed_signers" "$base.signers" || return 1
    canonical "$base.json" && truth "$policy_schema" "$base.json" || return 1
    [ "$(jq -r '(.version | tostring | ("000000" + .)[-6:]) + " " + .allowedSigners' "$base.json")" = \
        "$1 $(sha "$base.signers")" ] || return 1
    signers_fit "$base.signers" "$base.lines" || return 1
    jq -r '.revoked // [] | .[]' "$base.json" >"$base.back" && revoked_fits "$base.back" "$base.gone" || return 1
    # Each admin has a key for policies that was not taken back.
    [ "$(jq -c -n --slurpfile policy "$base.json" --slurpfile lines "$base.lines" --rawfile gone "$base.gone" '
        ($gone | split("\n")) as $gone
        | [$lines[] | select((.uses | index("'$POLICY'")) and ([.key] - $gone != [])) | .names[]] as $able
        | $policy[0].admins - $able == []' 2>/dev/null)" = true ]
}

endorsed() { # endorsed LINK NUMBER SECONDS REVOKED: the admins of a link who signed a version, a line each
    link=$scratch/$1 signing=$scratch/$2.json seconds=$3 taken=$4 count=0
    pin=$(jq '.pin // false' "$link.json")
    jq -r '.admins[]' "$link.json" >"$scratch/admins"
    : >"$scratch/names"
    : >"$scratch/prints"
    for sig in "$policies/$2."*.sig; do
        count=$((count + 1))
        [ "$count" -le "$SIGNATURES" ] || break
        case ${sig##*/} in *[!A-Za-z0-9._@+-]*) continue ;; esac
        if ! take "$sig" "$scratch/sig" || ! signature_fits "$scratch/sig" "$POLICY" false "$pin"; then continue; fi
        while read -r admin; do
            has "$scratch/names" "$admin" && continue
            print=$(signed_by "$admin" "$POLICY" "$signing" "$scratch/sig" "$link.signers" "$taken" "$seconds") ||
                continue
            has "$scratch/prints" "$print" && continue 2
            printf '%s\n' "$admin" >>"$scratch/names"
            printf '%s\n' "$print" >>"$scratch/prints"
            break
        done <"$scratch/admins"
    done
}

has() { # has FILE LINE
    while read -r line; do
        [ "$line" != "$2" ] || return 0
    done <"$1"
    return 1
}

first='' number=''
for path in "$policies"/[0-9][0-9][0-9][0-9][0-9][0-9].json; do
    take "$path" "$scratch/candidate" || continue
    [ "$(sha "$scratch/candidate")" = "$genesis" ] || continue
    first=${path##*/} first=${first%.json}
    break
done
[ -n "$first" ] || tampered 0 "the pinned genesis, sha256 $genesis, is not among the policies"
version_fits "$first" || tampered 0 "the genesis is not whole"
[ "$(jq .previous "$scratch/$first.json")" = null ] || tampered 0 "the genesis has a version before it"
own=$(jq .createdAt "$scratch/$first.json")
endorsed "$first" "$first" "$own" "$scratch/$first.gone"
[ "$(wc -l <"$scratch/names")" -eq "$(jq '.admins | length' "$scratch/$first.json")" ] ||
    tampered 0 "the genesis is not signed by each of its admins"

last=$first why='' reached=no
[ "$genesis" = "$known" ] && reached=yes
known_there=$reached
if [ -n "$known" ] && [ "$reached" = no ]; then
    for path in "$policies"/[0-9][0-9][0-9][0-9][0-9][0-9].json; do
        take "$path" "$scratch/candidate" && [ "$(sha "$scratch/candidate")" = "$known" ] && known_there=yes
    done
    [ "$known_there" = yes ] || tampered 0 "the policy that you know, sha256 $known, is not among the policies"
fi
for path in "$policies"/[0-9][0-9][0-9][0-9][0-9][0-9].json; do
    number=${path##*/} number=${number%.json}
    [ "$number" -gt "$last" ] || continue
    why="version $number is not whole"
    version_fits "$number" || break
    why="version $number does not follow on $last"
    [ "$(jq -c -n --slurpfile old "$scratch/$last.json" --slurpfile new "$scratch/$number.json" --argjson at "$at" \
        --argjson skew $SKEW --arg digest "$(sha "$scratch/$last.json")" '
        $old[0] as $old | $new[0] as $new
        | $new.version == $old.version + 1 and $new.previous == $digest
        and $old.createdAt <= $new.createdAt and $new.createdAt <= $at + $skew' 2>/dev/null)" = true ] || break
    why="version $number lets keys count again that were revoked"
    lost=no
    while read -r line; do has "$scratch/$number.gone" "$line" || lost=yes; done <"$scratch/$last.gone"
    [ "$lost" = no ] || break
    if [ -n "$known" ] && [ "$reached" = no ]; then
        moment=$(jq .createdAt "$scratch/$number.json")
        cat "$scratch/$number.gone" >"$scratch/taken"
    else
        moment=$at
        cat "$scratch/$number.gone" "$scratch/gone" >"$scratch/taken"
    fi
    for side in "$last" "$number"; do
        why="version $number is not signed by the quorum of $side"
        endorsed "$side" "$number" "$moment" "$scratch/taken"
        [ "$(wc -l <"$scratch/names")" -ge "$(jq .quorum "$scratch/$side.json")" ] || break 2
    done
    [ "$(sha "$scratch/$number.json")" = "$known" ] && reached=yes
    last=$number why=''
done
[ -z "$known" ] || [ "$reached" = yes ] || tampered 0 "the policy that you know is not in the chain: $why"
policy=$scratch/$last.json signers=$scratch/$last.signers
while read -r line; do
    has "$scratch/gone" "$line" || tampered 0 "revoked_keys lacks a key that policy $last revoked"
done <"$scratch/$last.gone"
say holds "step 0: policy $(jq .version "$policy"), sha256 $(sha "$policy")"
[ -z "$why" ] || say note "$why, and so not in force"

# ── steps 1 and 2: the request, and its terms ────────────────────────────────────────────────────

request=$scratch/request
take "$folder/request.json" "$request" || refused 1 "there is no request.json of at most 64 kB that is a regular file"
canonical "$request" || refused 1 "the request is no canonical JSON"
truth '
only(["type", "subject", "service", "project", "region", "environment", "version", "commit", "image", "from",
    "authors", "checklist", "policy", "ledger", "window", "plan", "template", "difference", "oncall", "nonce",
    "createdAt", "expiresAt"]; [])
and .type == "https://relman.dev/go-no-go-request/v1"
and (.subject | listed(subject) and length == 1)
and all(.service, .project, .region, .environment, .version, .image; word(512))
and (.commit | type == "string" and test("^[0-9a-f]{40,64}$"))
and (.from == null or (.from | only(["version", "revision"]; []) and (.version | type == "string")
    and (.revision | word(512))))
and (.authors | listed(word(512)))
and (.checklist | listed(only(["id", "owner", "state"]; ["waivable", "evidence"]) and (.id | word(512))
    and (.owner | word(512)) and (.state == "pass" or .state == "fail" or .state == "open")
    and (has("waivable") | not) or (.waivable | type == "boolean"))
    and length >= 1 and all(.[]; .evidence == null or
        ((.evidence | sha256) and (.id | test("^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,120}$"))))
    and ([.[].id] | length == (unique | length)))
and (.policy | only(["version", "digest"]; []) and (.digest | sha256) and (.version | type == "number" and . >= 1))
and (.ledger | only(["size", "root"]; []) and (.root | hex(64)) and (.size | type == "number" and . >= 0))
and (.window == null or (.window | only(["start", "end"]; []) and (.start | moment) and (.end | moment)))
and all(.plan, .template, .difference; sha256)
and (.oncall == null or (.oncall | only(["person", "rota"]; []) and (.person | word(512)) and (.rota | sha256)))
and (.nonce | hex(32)) and (.createdAt | moment) and (.expiresAt | moment)
' "$request" || refused 1 "the request does not say what it must"
[ "$(jq -j '"\(.service)-\(.version)-\(.environment)-\(.nonce[0:8])"' "$request")" = "$name" ] ||
    refused 1 "T04: the request lies in another one's folder"
[ "$(jq -r '.image' "$request")" = "$(jq -r '.subject[0] | "\(.name)@sha256:\(.digest.sha256)"' "$request")" ] ||
    refused 1 "T06: the request is about another image than its subject"
digest=$(sha "$request")
say holds "step 1: $(jq -r '"\(.service) \(.version) for \(.environment)"' "$request"), sha256 $digest"

[ "$(jq -r '"\(.policy.version) \(.policy.digest.sha256)"' "$request")" = \
    "$(jq .version "$policy") $(sha "$policy")" ] ||
    refused 2 "T08: the request is for policy $(jq .policy.version "$request"), in force is $(jq .version "$policy")"
from=$(jq .createdAt "$request") until=$(jq .expiresAt "$request")
[ "$at" -ge $((from - SKEW)) ] || refused 2 "T03: the request comes from the future: $(date -u -d "@$from")"
[ "$at" -lt "$until" ] || refused 2 "T04: the approval expired: $(date -u -d "@$until"); of a release, say --at"
[ $((until - from)) -le $LONGEST ] || refused 2 "T04: the approval is for more than eight days"
say holds "step 2: until $(date -u -d "@$until")"

# ── step 4: the checklist and its evidence ───────────────────────────────────────────────────────

evidence() { # evidence FILE SHA256
    case $1 in '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9._@+-]*) refused 4 "evidence has a name that none has" ;; esac
    if [ -L "$folder/evidence" ] || ! take "$folder/evidence/$1" "$scratch/evidence"; then
        refused 4 "T05: evidence/$1 is missing, or no regular file of at most 64 kB"
    fi
    [ "$(sha "$scratch/evidence")" = "$2" ] || tampered 4 "T05: evidence/$1 was changed after it was signed"
}
evidence difference.json "$(jq -r .difference.sha256 "$request")"
jq -r '.checklist[] | select(.evidence) | "\(.evidence.sha256) \(.state) \(.id)"' "$request" >"$scratch/items"
while read -r sum state id; do
    evidence "$id.json" "$sum"
    # shellcheck disable=SC2016
    truth '([.answer] - ["go", "warn", "not set up"] == []) == ("'"$state"'" == "pass")' "$scratch/evidence" ||
        refused 4 "T05: evidence/$id.json says otherwise"
done <"$scratch/items"

# The sections of relman.toml that say who is who: each file is the very one whose digest the policy has.
for section in people roles raci; do
    signed=$(jq -r ".sections.$section // empty" "$policy")
    [ -n "$signed" ] || refused 6 "the policy binds no [$section]"
    if [ -L "$folder/rules" ] || ! take "$folder/rules/$section.json" "$scratch/$section"; then
        refused 6 "rules/$section.json is missing: who may speak cannot be told without it"
    fi
    [ "$(sha "$scratch/$section")" = "$signed" ] || tampered 6 "T08: rules/$section.json is not what the policy binds"
done

# ── step 5: the votes and waivers that hold ──────────────────────────────────────────────────────

statement='
only(["_type", "predicateType", "subject", "predicate"]; []) and ._type == "https://in-toto.io/Statement/v1"
and (.subject | listed(subject) and length >= 1 and length <= 16)
and (.predicate.request | only(["digest"]; []) and (.digest | sha256))
and (.predicate | (.role | word(200)) and (.signer | word(200) and (test("\\s") | not)) and (.signedAt | moment))
'
vote_schema='
and .predicateType == "https://relman.dev/attestation/go-no-go/v1"
and (.predicate | only(["decision", "role", "signer", "signedAt", "request"]; ["items", "comment", "supersedes"])
    and (.decision == "GO" or .decision == "NO-GO") and ((has("items") | not) or (.items | listed(word(200))))
    and ((has("comment") | not) or (.comment | type == "string" and length <= 280))
    and (.supersedes == null or (.supersedes | hex(64))))
'
waiver_schema='
and .predicateType == "https://relman.dev/attestation/waiver/v1"
and (.predicate | only(["item", "role", "signer", "signedAt", "request", "reason"]; [])
    and (.item | word(200) and (test("\\s") | not)) and (.reason | word(280)))
'

file_like() { # file_like NAME: STEM.SIGNER.N.json, as relman calls a vote or a waiver
    stem=${1%.json} n=${1%.json}
    [ "$stem" != "$1" ] || return 1
    n=${stem##*.} stem=${stem%.*}
    case $n in '' | 0* | ????* | *[!0-9]*) return 1 ;; esac
    short=${stem##*.} stem=${stem%.*}
    [ ${#short} -eq 8 ] && [ ${#stem} -le 63 ] || return 1
    case $short in *[!0-9a-f]*) return 1 ;; esac
    case $stem in '' | *[!a-z0-9-]*) return 1 ;; esac
}

paper() { # paper KIND FILE: sets why; the statement that holds goes to $scratch/KIND
    why='no file of this folder is called that'
    file_like "$2" || return 1
    why='it, or its signature, is no regular file of at most 64 kB'
    take "$folder/$1/$2" "$scratch/paper" && take "$folder/$1/$2.sig" "$scratch/sig" || return 1
    # a) the signature over the bytes as they lie there
    why='T02: its signature does not hold for these bytes'
    ssh-keygen -Y check-novalidate -n $GO -s "$scratch/sig" <"$scratch/paper" >/dev/null 2>&1 || return 1
    # b) then what it says
    why='it is no canonical statement'
    case $1 in votes) schema=$vote_schema stem=.role ;; *) schema=$waiver_schema stem=.item ;; esac
    canonical "$scratch/paper" && truth "$statement $schema" "$scratch/paper" || return 1
    why='T04: it is about another image'
    [ "$(jq -cS .subject "$scratch/paper")" = "$(jq -cS .subject "$request")" ] || return 1
    why='T05: it is about another request'
    jq -r ".predicate | .request.digest.sha256, .signer, $stem, .signedAt" "$scratch/paper" >"$scratch/fields"
    {
        read -r about
        read -r signer
        read -r called
        read -r signed_at
    } <"$scratch/fields"
    [ "$about" = "$digest" ] || return 1
    why="T02: its file has another one's name"
    [ "$called.$(printf %s "$signer" | sha256sum | cut -c 1-8)" = "${2%.*.json}" ] || return 1
    # c) and the key: a person was there, it is that person's, and it counts at that moment
    hardware=$(jq -c --slurpfile policy "$policy" '[.predicate.role] - ($policy[0].hardware // []) == []' "$scratch/paper")
    why='T01: its signature is of another form, or the hardware key was not touched'
    signature_fits "$scratch/sig" $GO "$hardware" "$(jq '.pin // false' "$policy")" || return 1
    why="T02: $signer may not sign with this key at that moment"
    cat "$scratch/$last.gone" "$scratch/gone" >"$scratch/taken"
    print=$(signed_by "$signer" $GO "$scratch/paper" "$scratch/sig" "$signers" "$scratch/taken" "$at") || return 1
    why='T03: it says that it was signed before the request was there, or after now'
    [ "$signed_at" -ge $((from - SKEW)) ] && [ "$signed_at" -le $((at + SKEW)) ] || return 1
    jq -c --arg name "$2" --arg digest "$(sha "$scratch/paper")" --arg key "$print" \
        '.predicate + {name: $name, digest: $digest, key: $key}' "$scratch/paper" >>"$scratch/$1"
}

for kind in votes waivers; do
    : >"$scratch/$kind"
    [ -d "$folder/$kind" ] && [ ! -L "$folder/$kind" ] || continue
    count=0
    for path in "$folder/$kind"/*; do
        file=${path##*/}
        case $file in *.sig | '*') continue ;; esac
        count=$((count + 1))
        [ $count -le $MOST ] || break
        paper "$kind" "$file" || say note "$kind/$(printf %s "$file" | tr -c 'A-Za-z0-9._@+-' '?') is not counted: $why"
    done
done

# ── steps 6 and 7: who may say so, and whether they are enough ───────────────────────────────────

# What it takes, and who has said so, as one JSON object; an error is why it is refused.
# shellcheck disable=SC2016
judgement='
$request[0] as $request | $policy[0] as $policy | $people[0] as $people | $roles[0] as $roles
| ([$raci[0][] | select(.id == "deploy-rollback")][0] // error("6: there is no row deploy-rollback")) as $row
| ($row.A | as_list) as $accountable | ($row.R | as_list) as $responsible
| if ($accountable | length) != 1 or ($responsible | length) == 0
    then error("6: deploy-rollback does not say who approves") else . end
| def among($list): . as $one | any($list[]; . == $one);
  def lower: ascii_downcase;
  def emails($person): [$people[$person].emails // [] | .[] | lower];
  def holders($role):
    if ($role | on_call) then [($request.oncall // {}).person // empty]
    elif $roles[$role] then [$roles[$role].holder, ($roles[$role].deputy // empty)]
    elif $people[$role] then [$role] else [] end;
  def person($signer): [$people | keys[] | select(emails(.) as $own | $signer | lower | among($own))]
    | if length == 1 then .[0] else error("nobody, or several, have the address \($signer)") end;
  def entitled($role; $no_author):
    person(.signer) as $who | emails($who) as $own
    | if $who | among(holders($role)) | not then error("\($who) may not speak as \($role)")
      elif $no_author and any($request.authors[]; lower | among($own))
        and ($role | among($policy.selfApproval // []) | not)
      then error("T07: \($who) is among the authors") else $who end;
  def tried(f): (try {value: f} catch {why: .});
  def item($id): [$request.checklist[] | select(.id == $id)][0];
  def seats: [
      ({A: 1, R: 1} + ($policy.approvals // {}) | to_entries[])
      | .key as $key | range(.value)
      | if $key == "A" then $accountable elif $key == "R" then $responsible
        elif ($key | on_call) or $roles[$key] then [$key]
        else error("6: the policy names a role that nobody has: \($key)") end];
  def seated($left; $used; $voices):
    if $left == [] then true
    else any($voices[]; . as $voice | ($voice.role | among($left[0])) and ($voice.person | among($used) | not)
        and seated($left[1:]; $used + [$voice.person]; $voices)) end;

  # The waivers of those who may give them.
  [$waivers[] | . as $waiver | tried(
      if item(.item) == null or (item(.item).waivable | not) then error("T05: nobody may waive \(.item)")
      elif item(.item).owner != .role then error("\(.item) is waived by \(item(.item).owner) alone")
      else entitled(.role; true) end) | . + {waiver: $waiver}] as $let
| [$let[] | select(.value) | .waiver.item] as $gone
| [$request.checklist[] | select(.state == "fail" and (.id | among($gone) | not)) | .id] as $failed
| if $failed != [] then error("4: the checklist says no, and nobody waived it: \($failed | join(", "))") else . end

  # The votes that no later one of the same signer took the place of, and whose they are.
| ($votes | unique_by(.digest) | sort_by(.name)) as $held
| [$held[] | select(.supersedes) | "\(.signer) \(.supersedes)"] as $withdrawn
| [$held[] | select("\(.signer) \(.digest)" | among($withdrawn) | not) | . as $vote
    | tried(entitled(.role; .decision == "GO")) | . + {vote: $vote}] as $told
| [$told[] | select(.value and .vote.decision == "NO-GO")] as $against
| [$against[] | select(.vote.role | among($accountable + $responsible)) | "\(.vote.signer) \(.vote.comment // "")"]
    as $veto
| if $veto != [] then error("6: NO-GO by \($veto | join("; "))") else . end
| [$against[].value] as $silent
| reduce ($told[] | select(.value and .vote.decision == "GO" and (.value | among($silent) | not))) as $one
    ({owners: {}, voices: [], twice: []};
    $one.vote.key as $key | .owners[$key] //= $one.value
    | if .owners[$key] == $one.value
      then .voices += [$one.vote + {person: $one.value}] else .twice += [$one.vote.name] end)
| .twice as $twice | .voices as $voices

  # Each seat by another person, each open item by its owner.
| [$request.checklist[] | select(.state == "open" and (.id | among($gone) | not)) | . as $item
    | select(any($voices[]; .role == $item.owner and (.items // [] | index($item.id) != null)) | not)
    | "\(.id) of \(.owner)"] as $left
| if $left != [] then error("7: nobody who may has answered \($left | join(", "))") else . end
| if seated(seats; []; [$voices[] | {person, role}] | unique) | not
    then error("7: short of a go: it takes \(seats | map(join(" or ")) | join(", "))") else . end
| {go: [$voices[] | "\(.person) (\(.role))"], waived: $gone,
    notes: ([$told[] | select(.why) | "\(.vote.name) is not counted: \(.why)"]
      + [$let[] | select(.why) | "\(.waiver.name) is not counted: \(.why)"]
      + [$twice[] | "\(.) is not counted: T07: its key spoke for somebody else already"])}
'
if ! jq -n -c --slurpfile request "$request" --slurpfile policy "$policy" --slurpfile people "$scratch/people" \
    --slurpfile roles "$scratch/roles" --slurpfile raci "$scratch/raci" --slurpfile votes "$scratch/votes" \
    --slurpfile waivers "$scratch/waivers" "$lib $judgement" >"$scratch/found" 2>"$scratch/errors"; then
    why=$(jq -R -s -r 'capture("\\): (?<step>[0-9]): (?<why>[^\n]*)") | "\(.step) \(.why)"' "$scratch/errors" 2>/dev/null)
    [ -n "$why" ] || why='6 the rules cannot be understood'
    refused "${why%% *}" "${why#* }"
fi
jq -r '.notes[]' "$scratch/found" | while read -r line; do say note "$line"; done
say holds "step 4: $(jq -r '.checklist | length' "$request") items$(jq -r '.waived[] | ", waived: \(.)"' "$scratch/found" | tr -d '\n')"
say holds "step 5: $(jq -s -r 'map("\(.decision) by \(.signer) (\(.role))") | join(", ") | if . == "" then "no vote" else . end' "$scratch/votes")"
say holds "steps 6, 7: $(jq -r '.go | join(", ")' "$scratch/found")"
printf '\nGO: %s\n' "$(jq -r '"\(.service) \(.version), \(.image), commit \(.commit[0:12])"' "$request")"
unchecked
