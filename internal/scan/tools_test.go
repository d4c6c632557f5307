//go:build archive

package scan_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// What follows packs with the real tools; scripts/archive-tools gets them.

// What is told of an archive that is not read, or of a file in one.
const (
	unread    = "error " + check.RuleUnreadable
	opaque    = "note " + check.RuleOpaquePayload
	ambiguous = "error " + check.RuleAmbiguousArchive
	nothing   = "error " + check.RuleNoBinaries

	unsupported = "error " + check.RuleUnsupportedFileSystem
)

// packing is a command that packs the program "pg_ctl", alone or with what is beside it,
// into $OUT.
type packing struct {
	name   string
	script string
	told   []string // nil: it is judged as the plain file is
}

// plain is what is told of the program itself, among what else is told.
const plain = "as the plain file"

var packings = []packing{
	{"zip", `zip -qry "$OUT" .`, nil},
	{"zip, stored", `zip -0 -qry "$OUT" .`, nil},
	{"zip, at the best level", `zip -9 -qry "$OUT" .`, nil},
	{"zip, links followed", `zip -qr "$OUT" notes pg_ctl`, nil},
	{"zip of a list of names", `find . | zip -qy "$OUT" -@`, nil},
	{"zip without folders and extra fields", `zip -qryDX "$OUT" .`, nil},
	{"zip to a pipe, with data descriptors", `zip -q - pg_ctl share/doc/readme | cat > "$OUT"`, nil},
	{"zip of a pipe, which is the type of its entry", `cat pg_ctl | zip -q "$OUT" -`, nil},
	{"zip with data descriptors", `zip -fd -q "$OUT" pg_ctl share/doc/readme`, nil},
	{"zip64", `zip -fz -qry "$OUT" .`, nil},
	{"zip64 to a pipe, whose directory is nowhere, as zip 3.0 writes it", `zip -fz -q - pg_ctl | cat > "$OUT"`, []string{nothing, ambiguous}},
	{"zip with bzip2", `zip -Z bzip2 -qry "$OUT" .`, nil},
	{"zip with bzip2 to a pipe", `zip -Z bzip2 -q - pg_ctl share/doc/readme | cat > "$OUT"`, nil},
	{"zip with a comment", `echo "a comment" | zip -z -qry "$OUT" .`, nil},
	{"zip that was added to", `zip -q "$OUT" notes; zip -gq "$OUT" pg_ctl`, nil},
	{"zip from which was deleted", `zip -qry "$OUT" .; zip -dq "$OUT" notes`, nil},
	{"zip that was updated", `zip -qry "$OUT" .; touch -d tomorrow pg_ctl; zip -uqry "$OUT" .`, nil},
	{"zip that unpacks itself", `echo "#!/bin/sh" > stub; zip -qry x.zip pg_ctl; cat stub x.zip > "$OUT"; zip -Aq "$OUT"`, nil},
	{"zip that unpacks itself, with offsets that are off", `echo "#!/bin/sh" > stub; zip -qry x.zip pg_ctl; cat stub x.zip > "$OUT"`, []string{nothing, ambiguous}},
	{"zip, encrypted", `zip -P secret -qry "$OUT" pg_ctl`, []string{nothing, opaque}},
	{"zip in parts, the first of them", `zip -s 64k -qry parts.zip .; cp parts.z01 "$OUT"`, []string{unread}},
	{"zip that could have had parts", `zip -s 10m -qry "$OUT" pg_ctl`, nil},

	{"7zz zip", `7zz a -snl -tzip "$OUT" .`, nil},
	{"7zz zip, stored", `7zz a -snl -tzip -mm=Copy "$OUT" .`, nil},
	{"7zz zip at the best level", `7zz a -snl -tzip -mx=9 "$OUT" .`, nil},
	{"7zz zip with names in UTF-8", `7zz a -snl -tzip -mcu=on "$OUT" .`, nil},
	{"7zz zip with bzip2", `7zz a -snl -tzip -mm=BZip2 "$OUT" .`, nil},
	{"7zz zip with xz", `7zz a -snl -tzip -mm=XZ "$OUT" .`, nil},
	{"7zz zip with Deflate64", `7zz a -snl -tzip -mm=Deflate64 "$OUT" pg_ctl`, []string{unread}},
	{"7zz zip with LZMA", `7zz a -snl -tzip -mm=LZMA "$OUT" pg_ctl`, []string{unread}},
	{"7zz zip with PPMd", `7zz a -snl -tzip -mm=PPMd "$OUT" pg_ctl`, []string{unread}},
	{"7zz zip with AES", `7zz a -snl -tzip -psecret -mem=AES256 "$OUT" pg_ctl`, []string{nothing, opaque}},
	{"7zz zip with ZipCrypto", `7zz a -snl -tzip -psecret -mem=ZipCrypto "$OUT" pg_ctl`, []string{nothing, opaque}},
	{"7zz tar", `7zz a -ttar -snl "$OUT" .`, nil},
	{"7zz gzip", `7zz a -tgzip "$OUT" pg_ctl`, nil},
	{"7zz bzip2", `7zz a -tbzip2 "$OUT" pg_ctl`, nil},
	{"7zz xz", `7zz a -txz "$OUT" pg_ctl`, nil},
	{"7zz 7z", `7zz a -t7z "$OUT" .`, []string{nothing, opaque}},
	{"7zz wim", `7zz a -twim "$OUT" .`, []string{nothing, opaque}},

	{"xorriso", `xorriso -as mkisofs -quiet -o "$OUT" .`, []string{unsupported}},
	{"xorriso with HFS+ beside it", `xorriso -as mkisofs -quiet -hfsplus -o "$OUT" .`, []string{ambiguous, unsupported, unsupported, plain}},

	{"tar", `tar -cf "$OUT" .`, nil},
	{"tar ustar", `tar --format=ustar -cf "$OUT" .`, nil},
	{"tar pax", `tar --format=pax -cf "$OUT" .`, nil},
	{"tar gnu", `tar --format=gnu -cf "$OUT" .`, nil},
	{"tar oldgnu", `tar --format=oldgnu -cf "$OUT" .`, nil},
	{"tar v7", `tar --format=v7 -cf "$OUT" pg_ctl notes link`, nil},
	{"tar ustar with a long name", `mkdir -p $(printf 'd%.0s' {1..90})/$(printf 'e%.0s' {1..90}); mv pg_ctl d*/e*/; tar --format=ustar -cf "$OUT" .`, nil},
	{"tar pax with a long name", `mkdir -p $(printf 'd%.0s' {1..150})/$(printf 'e%.0s' {1..150}); mv pg_ctl d*/e*/; tar --format=pax -cf "$OUT" .`, nil},
	{"tar gnu with a long name", `mkdir -p $(printf 'd%.0s' {1..150})/$(printf 'e%.0s' {1..150}); mv pg_ctl d*/e*/; tar --format=gnu -cf "$OUT" .`, nil},
	{"tar gnu with a long link", `ln -s $(printf 'e%.0s' {1..200}) longlink; tar --format=gnu -cf "$OUT" .`, nil},
	{"tar pax with times", `tar --format=pax --pax-option=globexthdr.name=g,comment:=hello -cf "$OUT" .`, nil},
	{"tar with one block a record", `tar -b 1 -cf "$OUT" .`, nil},
	{"tar that was added to", `tar -cf "$OUT" notes; tar -rf "$OUT" pg_ctl`, nil},
	{"two tars joined by tar", `tar -cf a.tar notes; tar -cf "$OUT" pg_ctl; tar -Af "$OUT" a.tar`, nil},
	{"two tars joined by cat", `tar -cf a.tar notes; tar -cf b.tar pg_ctl; cat a.tar b.tar > "$OUT"`, []string{nothing, ambiguous}},
	{"tar of absolute names", `tar -Pcf "$OUT" "$PWD/pg_ctl"`, []string{ambiguous, plain}},
	{"tar, incremental", `tar -g snapshot -cf "$OUT" pg_ctl`, nil},
	{"tar with a label", `tar --label=release -cf "$OUT" pg_ctl`, nil},
	{"tar gnu with a sparse program", `fallocate -d pg_ctl; truncate -s 2M hole; cat hole >> pg_ctl; fallocate -d pg_ctl; tar -S --format=gnu -cf "$OUT" pg_ctl`, []string{unread}},
	{"tar pax with a sparse program", `fallocate -d pg_ctl; truncate -s 2M hole; cat hole >> pg_ctl; fallocate -d pg_ctl; tar -S --format=pax -cf "$OUT" pg_ctl`, []string{unread}},
	{"tar pax with a sparse program, version 0.0", `truncate -s 2M hole; cat hole >> pg_ctl; fallocate -d pg_ctl; tar -S --format=pax --sparse-version=0.0 -cf "$OUT" pg_ctl`, []string{unread}},
	{"tar pax with a sparse program, version 0.1", `truncate -s 2M hole; cat hole >> pg_ctl; fallocate -d pg_ctl; tar -S --format=pax --sparse-version=0.1 -cf "$OUT" pg_ctl`, []string{unread}},
	{"tar beside a sparse file", `truncate -s 2M hole; tar -Scf "$OUT" pg_ctl hole`, []string{unread, plain}},
	{"tar.gz", `tar -czf "$OUT" .`, nil},
	{"tar.bz2", `tar -cjf "$OUT" .`, nil},
	{"tar.xz", `tar -cJf "$OUT" .`, nil},
	{"tar.zst", `tar --zstd -cf "$OUT" .`, nil},

	{"bsdtar", `bsdtar -cf "$OUT" .`, nil},
	{"bsdtar ustar", `bsdtar --format=ustar -cf "$OUT" .`, nil},
	{"bsdtar gnutar", `bsdtar --format=gnutar -cf "$OUT" .`, nil},
	{"bsdtar v7", `bsdtar --format=v7tar -cf "$OUT" pg_ctl notes`, nil},
	{"bsdtar zip", `bsdtar --format=zip -cf "$OUT" .`, nil},
	{"bsdtar zip, stored", `bsdtar --format=zip --options zip:compression=store -cf "$OUT" .`, nil},
	{"bsdtar zip to a pipe", `bsdtar --format=zip -cf - . | cat > "$OUT"`, nil},
	{"bsdtar zip64", `bsdtar --format=zip --options zip:zip64 -cf "$OUT" .`, nil},
	{"bsdtar zip with AES", `bsdtar --format=zip --options zip:encryption=aes256 --passphrase secret -cf "$OUT" pg_ctl`, []string{nothing, opaque}},
	{"bsdtar xar", `bsdtar --format=xar -cf "$OUT" .`, nil},
	{"bsdtar xar, stored", `bsdtar --format=xar --options xar:compression=none -cf "$OUT" .`, nil},
	{"bsdtar xar with bzip2", `bsdtar --format=xar --options xar:compression=bzip2 -cf "$OUT" .`, nil},
	{"bsdtar xar with xz", `bsdtar --format=xar --options xar:compression=xz -cf "$OUT" .`, nil},
	{"bsdtar xar with LZMA", `bsdtar --format=xar --options xar:compression=lzma -cf "$OUT" pg_ctl`, []string{unread}},
	{"bsdtar xar with MD5", `bsdtar --format=xar --options xar:checksum=md5 -cf "$OUT" .`, nil},
	{"bsdtar xar without checksums", `bsdtar --format=xar --options xar:checksum=none,xar:toc-checksum=none -cf "$OUT" .`, nil},
	{"bsdtar with compress", `bsdtar -cZf "$OUT" .`, []string{nothing, opaque}},
	{"bsdtar with lzma", `bsdtar --lzma -cf "$OUT" .`, []string{nothing, opaque}},
	{"bsdtar with lzip", `bsdtar --lzip -cf "$OUT" .`, []string{nothing, opaque}},
	{"bsdtar with LZ4", `bsdtar --lz4 -cf "$OUT" .`, []string{nothing, opaque}},
	{"bsdtar cpio odc", `bsdtar --format=odc -cf "$OUT" .`, nil},
	{"bsdtar cpio newc", `bsdtar --format=newc -cf "$OUT" .`, nil},
	{"bsdtar cpio, binary", `bsdtar --format=bin -cf "$OUT" .`, []string{nothing, opaque}},
	{"bsdtar ar", `bsdtar --format=arbsd -cf "$OUT" pg_ctl notes`, nil},
	{"bsdtar ar of SVR4", `bsdtar --format=arsvr4 -cf "$OUT" pg_ctl notes`, nil},
	{"bsdtar 7z", `bsdtar --format=7zip -cf "$OUT" .`, []string{nothing, opaque}},

	{"cpio odc", `find . | cpio --quiet -o -H odc > "$OUT"`, nil},
	{"cpio newc", `find . | cpio --quiet -o -H newc > "$OUT"`, nil},
	{"cpio crc", `find . | cpio --quiet -o -H crc > "$OUT"`, nil},
	{"cpio ustar", `find . | cpio --quiet -o -H ustar > "$OUT"`, nil},
	{"cpio tar", `find . | cpio --quiet -o -H tar > "$OUT"`, nil},
	{"cpio, binary, its default", `find . | cpio --quiet -o > "$OUT"`, []string{nothing, opaque}},
	{"cpio odc of System V", `find . | cpio --quiet -o -H hpodc > "$OUT"`, nil},
	{"cpio of absolute names", `find "$PWD/pg_ctl" | cpio --quiet -o -H newc > "$OUT"`, []string{ambiguous, plain}},
	{"cpio newc with a hard link", `ln pg_ctl again; find pg_ctl again | cpio --quiet -o -H newc > "$OUT"`, []string{plain, plain}},
	{"bsdtar cpio newc with a hard link", `ln pg_ctl again; bsdtar --format=newc -cf "$OUT" pg_ctl again`, []string{plain, plain}},
	{"cpio odc with a hard link", `ln pg_ctl again; find pg_ctl again | cpio --quiet -o -H odc > "$OUT"`, []string{plain, plain}},

	{"ar", `ar rcS "$OUT" pg_ctl notes`, nil},
	{"ar with a table of symbols", `ar rcs "$OUT" pg_ctl notes`, nil},
	{"ar with a long name", `mv pg_ctl a-name-of-more-than-sixteen-bytes.o; ar rcS "$OUT" *.o notes`, nil},
	{"thin ar", `ar rcST "$OUT" pg_ctl notes`, []string{nothing, opaque}},

	{"gzip", `gzip -c pg_ctl > "$OUT"`, nil},
	{"gzip -1", `gzip -1c pg_ctl > "$OUT"`, nil},
	{"gzip of two members", `(head -c 100000 pg_ctl | gzip -c; tail -c +100001 pg_ctl | gzip -c) > "$OUT"`, nil},
	{"gzip with something behind it", `(gzip -c pg_ctl; echo more) > "$OUT"`, []string{unread}},
	{"gzip padded with zeros", `(gzip -c pg_ctl; head -c 5000 /dev/zero) > "$OUT"`, nil},
	{"a script with a tar.gz behind it", `(printf '#!/bin/sh\ntail -n +3 "$0" | tar xz; exit\n'; tar -czf - .) > "$OUT"`, []string{nothing, opaque}},
	{"pigz", `pigz -p 4 -b 32 -c pg_ctl > "$OUT"`, nil},
	{"pigz, independent blocks", `pigz -i -p 4 -b 32 -c pg_ctl > "$OUT"`, nil},
	{"pigz zip", `pigz -K -c pg_ctl > "$OUT"`, nil},
	{"pigz tar", `tar -I pigz -cf "$OUT" .`, nil},

	{"bzip2 -1", `bzip2 -1c pg_ctl > "$OUT"`, nil},
	{"bzip2 -9", `bzip2 -9c pg_ctl > "$OUT"`, nil},
	{"bzip2 of two streams", `(head -c 100000 pg_ctl | bzip2 -c; tail -c +100001 pg_ctl | bzip2 -c) > "$OUT"`, nil},
	{"bzip2 that begins with an empty stream", `(bzip2 -c < /dev/null; bzip2 -c pg_ctl) > "$OUT"`, nil},

	{"xz -0", `xz -0c pg_ctl > "$OUT"`, nil},
	{"xz -9", `xz -9c pg_ctl > "$OUT"`, nil},
	{"xz -9e", `xz -9ec pg_ctl > "$OUT"`, nil},
	{"xz with the filter of arm64", `xz --arm64 --lzma2 -c pg_ctl > "$OUT"`, []string{unread}},
	{"xz with the filter of x86", `xz --x86 --lzma2 -c pg_ctl > "$OUT"`, nil},
	{"xz with the filter of arm", `xz --arm --lzma2 -c pg_ctl > "$OUT"`, nil},
	{"xz with the filter of PowerPC", `xz --powerpc --lzma2 -c pg_ctl > "$OUT"`, nil},
	{"xz with delta", `xz --delta=dist=4 --lzma2 -c pg_ctl > "$OUT"`, nil},
	{"xz with the least dictionary", `xz --lzma2=dict=4KiB -c pg_ctl > "$OUT"`, nil},
	{"xz with the largest dictionary that is read", `xz --lzma2=dict=64MiB -c pg_ctl > "$OUT"`, nil},
	{"xz with a larger one", `xz --lzma2=dict=65MiB -c pg_ctl > "$OUT"`, []string{unread}},
	{"xz with a dictionary of 1.5 GiB", `xz --lzma2=preset=0,dict=1536MiB -c pg_ctl > "$OUT"`, []string{unread}},
	{"xz in blocks", `xz -T2 --block-size=64KiB -c pg_ctl > "$OUT"`, nil},
	{"xz of two streams", `(head -c 100000 pg_ctl | xz -c; tail -c +100001 pg_ctl | xz -c) > "$OUT"`, nil},
	{"xz with padding between streams", `(head -c 100000 pg_ctl | xz -c; head -c 64 /dev/zero; tail -c +100001 pg_ctl | xz -c) > "$OUT"`, nil},
	{"xz without a check", `xz --check=none -c pg_ctl > "$OUT"`, nil},
	{"xz with SHA-256", `xz --check=sha256 -c pg_ctl > "$OUT"`, nil},
	{"xz with something behind it", `(xz -c pg_ctl; echo more) > "$OUT"`, []string{unread}},
	{"lzma", `xz --format=lzma -c pg_ctl > "$OUT"`, []string{nothing, opaque}},
	{"lzma -0 of a pipe", `cat pg_ctl | xz -0 --format=lzma -c > "$OUT"`, []string{nothing, opaque}},

	{"zstd", `zstd -qc pg_ctl > "$OUT"`, nil},
	{"zstd -19", `zstd -19 -qc pg_ctl > "$OUT"`, nil},
	{"zstd --ultra -22", `zstd --ultra -22 -qc pg_ctl > "$OUT"`, nil},
	{"zstd --long", `zstd --long=27 -qc pg_ctl > "$OUT"`, nil},
	{"zstd --long of a pipe, with the largest window that is read", `cat pg_ctl | zstd --long=26 -qc > "$OUT"`, nil},
	{"zstd --long of a pipe, with a larger one", `cat pg_ctl | zstd --long=27 -qc > "$OUT"`, []string{unread}},
	{"zstd of two frames", `(head -c 100000 pg_ctl | zstd -qc; tail -c +100001 pg_ctl | zstd -qc) > "$OUT"`, nil},
	{"zstd without a checksum", `zstd --no-check -qc pg_ctl > "$OUT"`, nil},
	{"zstd on several cores", `zstd -T2 -B64K -qc pg_ctl > "$OUT"`, nil},
	{"pzstd, which begins with a frame that is skipped", `pzstd -q -p 2 -c pg_ctl > "$OUT"`, nil},
	{"zstd with something behind it", `(zstd -qc pg_ctl; echo more) > "$OUT"`, []string{unread}},
}

// pack runs a script in a folder with the program and what is beside it.
func pack(t *testing.T, program []byte, script string) []byte {
	t.Helper()
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "packed")
	machotest.WriteTree(t, dir, map[string][]byte{
		"pg_ctl": program, "notes": []byte("no code\n"), "share/doc/readme": []byte(strings.Repeat("no code\n", 9999)), "Übersicht/ö": []byte("no code\n"),
	})
	if err := os.Symlink("pg_ctl", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "OUT="+out, "LC_ALL=C.UTF-8")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s(scripts/archive-tools installs what is missing)", script, err, text)
	}
	// Some tools add a suffix to the name.
	names, err := filepath.Glob(out + "*")
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: wrote %q", script, names)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatRealToolsPackIsJudgedAsThePlainFileOrTold(t *testing.T) {
	program, err := os.ReadFile(pgctl)
	if err != nil {
		t.Fatal(err)
	}
	want := judged(t, program)
	for _, row := range packings {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			packed := pack(t, program, row.script)
			var got []string
			for _, line := range judged(t, packed) {
				got = append(got, strings.TrimSuffix(line, "  []"))
			}
			var expected []string
			told := row.told
			if told == nil {
				told = []string{plain}
			}
			for _, line := range told {
				if line == plain {
					expected = append(expected, want...)
				} else {
					expected = append(expected, line)
				}
			}
			for i := range expected {
				expected[i] = strings.TrimSuffix(expected[i], "  []")
			}
			slices.Sort(expected)
			slices.Sort(got)
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
