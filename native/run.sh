#!/usr/bin/env bash
# Fetches the release that this commit of the action belongs to and runs it as the action
# in place of this process. action.yml beside it says what it gets: INPUT_* for the inputs,
# where _ stands for the hyphen of an input's name, since not every shell passes on a
# variable with a hyphen.
#
# checksums.txt has the names of the release's programs and their SHA-256, as sha256sum
# prints them. It is empty in every commit that is no release. Bash 3.2 runs this: it is
# the one of macOS.
set -euo pipefail

# What an answer may have, in bytes, and take, in seconds.
readonly most=104857600 patience=300

# fail tells what is wrong with text that is from nobody else, and ends as the program
# does for a wrong input, its outputs written.
fail() {
	printf '::error title=codewarrant::%s\n' "$1"
	if [ -n "${GITHUB_OUTPUT:-}" ]; then
		printf '%s\n' result=error findings=0 unapproved=0 report= sarif= attestation= predicate= subjects= >>"$GITHUB_OUTPUT"
	fi
	exit 2
}

platform() {
	local system arch
	case ${RUNNER_OS:-} in
	Linux) system=linux ;;
	macOS) system=darwin ;;
	Windows) system=windows ;;
	*) fail "there is no release for the system of this runner (RUNNER_OS): there is one for Linux, macOS and Windows" ;;
	esac
	case ${RUNNER_ARCH:-} in
	X64) arch=amd64 ;;
	ARM64) arch=arm64 ;;
	*) fail "there is no release for the architecture of this runner (RUNNER_ARCH): there is one for X64 and ARM64" ;;
	esac
	asset=_${system}_$arch
	suffix=
	if [ "$system" = windows ]; then suffix=.exe; fi
	asset=$asset$suffix
}

# listed looks the platform up in the list of the commit.
listed() {
	local list=${BASH_SOURCE[0]%/*}/checksums.txt sum name
	[ -s "$list" ] || fail "this commit of the action is not a release: use the commit of a release, such as the one that v1 names"
	while read -r sum name; do
		if [[ $name =~ ^codewarrant_(v[0-9][0-9A-Za-z.+-]*)"$asset"$ ]]; then
			version=${BASH_REMATCH[1]} asset=$name expected=$sum
			[[ $sum =~ ^[0-9a-f]{64}$ ]] || fail "the list of checksums of the action is damaged"
			return
		fi
	done < <(tr -d '\r' <"$list")
	fail "the release has no program for this runner, which would be codewarrant_VERSION$asset"
}

# download gets the program from one server, and says in `problem` why it could not. Redirects
# may not lead from https to anything else.
download() {
	local url=$1/codewarrant/codewarrant/releases/download/$version/$asset code status=0
	echo "codewarrant: fetching $url"
	code=$(curl --silent --location --fail --proto "=${1%%:*}" --max-redirs 5 --retry 3 \
		--connect-timeout 20 --max-time "$patience" --max-filesize "$most" \
		--output "$program" --write-out '%{http_code}' "$url") || status=$?
	case $status in
	0) return ;;
	22) problem="$url: the server answers $code" ;;
	127) fail "curl is not on this runner: the action fetches the release with it" ;;
	*) problem="$url: no answer (curl exits with $status)" ;;
	esac
	[ "$code" != 404 ] || problem="$problem, as for a release that was withdrawn, or that only some may read"
	return 1
}

sha256() {
	local line
	if command -v sha256sum >/dev/null; then
		line=$(sha256sum <"$1")
	else
		line=$(shasum -a 256 <"$1") # macOS
	fi
	printf '%s' "${line%% *}"
}

platform
listed
# With cd, since RUNNER_TEMP of Windows has a form that mktemp may not take.
dir=$(cd "${RUNNER_TEMP:-/tmp}" && mktemp -d "$PWD/codewarrant.XXXXXX") || fail "no folder could be made in RUNNER_TEMP"
trap 'rm -rf "$dir"' EXIT # for a failure: what is run in place of this process stays
program=$dir/codewarrant$suffix

# A server of an enterprise may have the release itself; else it is on GitHub. What it is
# worth is said by its checksum alone.
server=${GITHUB_SERVER_URL:-https://github.com}
if ! download "$server"; then
	first=$problem
	[ "$server" != https://github.com ] || fail "$first"
	download https://github.com || fail "$first; $problem"
fi

got=$(sha256 "$program")
if [ "$got" != "$expected" ]; then
	fail "$asset is not the release: its SHA-256 is $got, and the action's commit says $expected"
fi
chmod +x "$program"

# The names of inputs have hyphens, which bash would not take as its own variables.
set -- "$program" action
for variable in "${!INPUT_@}"; do
	name=${variable#INPUT_}
	case $name in *_*) set -- "INPUT_${name//_/-}=${!variable}" "$@" ;; esac
done
exec env "$@"
