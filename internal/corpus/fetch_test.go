package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tgz makes a .tgz of the entries; regular files hold their own names.
func tgz(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range entries {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content = h.Name
		}
		h.Size, h.Mode = int64(len(content)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }

// tree returns the contents of the files under dir by name; folders end in a slash.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			got[name+"/"] = ""
			return nil
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		got[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// registry packs what it is given, and counts how often it was asked.
type registry struct {
	tgz   []byte
	err   error
	asked int
}

func (r *registry) pack(_ context.Context, _, dir string) (string, error) {
	r.asked++
	path := filepath.Join(dir, "it.tgz")
	return path, errors.Join(r.err, os.WriteFile(path, r.tgz, 0o666))
}

func packageOf(b []byte) npmPackage {
	sum := sha256.Sum256(b)
	return npmPackage{Name: "@acme/tool", Version: "1.0.0", SHA256: hex.EncodeToString(sum[:])}
}

func TestFetchedOnceAndWhole(t *testing.T) {
	reg := &registry{tgz: tgz(t, file("package/bin/tool"), tar.Header{Typeflag: tar.TypeSymlink, Name: "package/link", Linkname: "/etc"})}
	pkg, dir := packageOf(reg.tgz), filepath.Join(t.TempDir(), "corpus")
	var out strings.Builder
	for range 2 {
		f := fetcher{dir: dir, pack: reg.pack, out: &out}
		if err := f.fetch(t.Context(), []npmPackage{pkg}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"acme-tool-1.0.0/": "", "acme-tool-1.0.0/package/": "", "acme-tool-1.0.0/package/bin/": "",
		"acme-tool-1.0.0/package/bin/tool": "package/bin/tool",
		"acme-tool-1.0.0/.sha256":          pkg.SHA256,
	}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("the folder (-want +got):\n%s", diff)
	}
	wantOut := "@acme/tool@1.0.0: 1 files, 0.0 MB\n" +
		"@acme/tool@1.0.0: package/link is no regular file or folder, left out\n" +
		"@acme/tool@1.0.0: here already\n"
	if diff := cmp.Diff(wantOut, out.String()); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if reg.asked != 1 {
		t.Errorf("the registry was asked %d times, not once", reg.asked)
	}
}

func TestFetchReplacesAnotherTgz(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"package/old", "package/new"} {
		reg := &registry{tgz: tgz(t, file(name))}
		pkg := packageOf(reg.tgz)
		f := fetcher{dir: dir, pack: reg.pack, out: new(strings.Builder)}
		if err := f.fetch(t.Context(), []npmPackage{pkg}); err != nil {
			t.Fatal(err)
		}
	}
	got := tree(t, filepath.Join(dir, "acme-tool-1.0.0", "package"))
	if diff := cmp.Diff(map[string]string{"new": "package/new"}, got); diff != "" {
		t.Errorf("the folder (-want +got):\n%s", diff)
	}
}

func TestFailedFetchLeavesNothing(t *testing.T) {
	good := tgz(t, file("package/a"), file("package/b"))
	for _, test := range []struct {
		name string
		reg  registry
		pkg  npmPackage
		want string
	}{
		{
			"npm fails",
			registry{tgz: good, err: errors.New("npm: no such host")},
			packageOf(good),
			"cannot fetch @acme/tool@1.0.0: npm: no such host",
		},
		{
			"the .tgz is another",
			registry{tgz: good},
			packageOf([]byte("another")),
			"cannot fetch @acme/tool@1.0.0: the .tgz has SHA-256 " + packageOf(good).SHA256 + ", not " + packageOf([]byte("another")).SHA256 + " as in the list",
		},
		{
			"the .tgz ends early",
			registry{tgz: good[:len(good)-20]},
			packageOf(good[:len(good)-20]),
			"cannot fetch @acme/tool@1.0.0: unpack: unexpected EOF",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			f := fetcher{dir: dir, pack: test.reg.pack, out: new(strings.Builder)}
			err := f.fetch(t.Context(), []npmPackage{test.pkg})
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if got := tree(t, dir); len(got) > 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

func TestUnpackStaysInside(t *testing.T) {
	for _, test := range []struct {
		name    string
		entries []tar.Header
	}{
		{"a name that climbs out", []tar.Header{file("../outside")}},
		{"a name that climbs out later", []tar.Header{file("package/../../outside")}},
		{"a name from the root", []tar.Header{file("/outside")}},
		{"a folder that climbs out", []tar.Header{{Typeflag: tar.TypeDir, Name: "../outside/"}}},
		{"a name twice", []tar.Header{file("package/a"), file("package/a")}},
		{"a file as a folder", []tar.Header{file("package/a"), file("package/a/b")}},
		{"a name that is the folder itself", []tar.Header{file(".")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "it.tgz")
			if err := os.WriteFile(path, tgz(t, test.entries...), 0o666); err != nil {
				t.Fatal(err)
			}
			if got, err := unpack(t.Context(), path, filepath.Join(dir, "in")); err == nil {
				t.Errorf("unpacked: %+v", got)
			}
			for name := range tree(t, dir) {
				if name != "it.tgz" && !strings.HasPrefix(name, "in/") {
					t.Errorf("%s was made", name)
				}
			}
		})
	}
}

func TestNpmReason(t *testing.T) {
	failed := errors.New("exit status 1")
	for _, test := range []struct{ name, stderr, want string }{
		{
			"a refused connection", "npm warn old\nnpm error code ECONNREFUSED\nnpm error syscall connect\nnpm error errno ECONNREFUSED\n" +
				"npm error FetchError: request to https://r.example/x failed, reason: connect ECONNREFUSED\n",
			"FetchError: request to https://r.example/x failed, reason: connect ECONNREFUSED",
		},
		{"no such version", "npm error code ETARGET\nnpm error notarget No matching version found for x@9.\n", "notarget No matching version found for x@9."},
		{"the words of npm 9", "npm ERR! code E404\nnpm ERR! 404 Not Found - GET https://r.example/x\n", "404 Not Found - GET https://r.example/x"},
		{"silence", "", "exit status 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := npmReason(test.stderr, failed); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
