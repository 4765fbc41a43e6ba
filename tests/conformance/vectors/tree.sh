#!/usr/bin/env bash
# Prints the roots and proofs of a small tree, by the definitions of RFC 6962, section 2.1, and sha256sum alone.
set -euo pipefail

entries=("" 00 10 2021 3031 40414243 5051525354555657 606162636465666768696a6b6c6d6e6f)
declare -A known

# hashed HEX: the SHA-256 of the bytes, in hex.
hashed() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | sha256sum | cut -d' ' -f1; }

# split N: the largest power of two below N.
split() { local k=1; while ((k * 2 < $1)); do k=$((k * 2)); done; echo "$k"; }

# mth FIRST END: sets MTH to the hash of the tree of these entries.
mth() {
    if [[ -z ${known[$1,$2]-} ]]; then
        if (($1 == $2)); then
            known[$1,$2]=$(hashed "")
        elif (($2 - $1 == 1)); then
            known[$1,$2]=$(hashed "00${entries[$1]}")
        else
            local middle=$(($1 + $(split $(($2 - $1))))) left
            mth "$1" "$middle"; left=$MTH
            mth "$middle" "$2"
            known[$1,$2]=$(hashed "01$left$MTH")
        fi
    fi
    MTH=${known[$1,$2]}
}

# path INDEX FIRST END: appends PATH to the array OUT.
path() {
    if (($3 - $2 == 1)); then return; fi
    local middle=$(($2 + $(split $(($3 - $2)))))
    if (($1 < middle)); then path "$1" "$2" "$middle"; mth "$middle" "$3"; else path "$1" "$middle" "$3"; mth "$2" "$middle"; fi
    OUT+=("$MTH")
}

# subproof SIZE1 FIRST END WHOLE: appends SUBPROOF to the array OUT.
subproof() {
    if (($1 == $3)); then
        if (($4 == 0)); then mth "$2" "$3"; OUT+=("$MTH"); fi
        return
    fi
    local middle=$(($2 + $(split $(($3 - $2)))))
    if (($1 <= middle)); then
        subproof "$1" "$2" "$middle" "$4"; mth "$middle" "$3"
    else
        subproof "$1" "$middle" "$3" 0; mth "$2" "$middle"
    fi
    OUT+=("$MTH")
}

# list HEX...: prints a JSON array of strings.
list() { local IFS=,; sed 's/[0-9a-f]\{2,\}/"&"/g' <<<"[$*]"; }

comma=
echo '{'
printf '"entries": ["%s"' "${entries[0]}"
printf ', "%s"' "${entries[@]:1}"
printf '],\n"roots": ['
for ((size = 0; size <= 8; size++)); do mth 0 "$size"; printf '%s"%s"' "$comma" "$MTH"; comma=$',\n'; done
printf '],\n"inclusion": {'
comma=
for ((size = 1; size <= 8; size++)); do
    for ((index = 0; index < size; index++)); do
        OUT=(); path "$index" 0 "$size"
        printf '%s\n"%d of %d": %s' "$comma" "$index" "$size" "$(list "${OUT[@]}")"; comma=,
    done
done
printf '},\n"consistency": {'
comma=
for ((size2 = 1; size2 <= 8; size2++)); do
    for ((size1 = 1; size1 <= size2; size1++)); do
        OUT=(); subproof "$size1" 0 "$size2" 1
        printf '%s\n"%d to %d": %s' "$comma" "$size1" "$size2" "$(list "${OUT[@]}")"; comma=,
    done
done
printf '}\n}\n'
