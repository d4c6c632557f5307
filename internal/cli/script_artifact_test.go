package cli_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// writeArchive packs a folder, or a file, under its own name, links kept.
func writeArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: archive PATH FILE")
	}
	root := ts.MkAbs(args[1])
	files := archivetest.Files{}
	ts.Check(filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(filepath.Dir(root), name)
		if err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(name)
			files[filepath.ToSlash(rel)] = "-> " + target
			return err
		}
		files[filepath.ToSlash(rel)] = ts.ReadFile(name)
		return nil
	}))
	switch name := args[0]; {
	case strings.HasSuffix(name, ".tar.gz"):
		write(ts, name, archivetest.Gzip(archivetest.Tar(files)))
	case strings.HasSuffix(name, ".zip"):
		write(ts, name, archivetest.Zip(files))
	default:
		ts.Fatalf("archive: %s is neither .tar.gz nor .zip", name)
	}
}

// writeImage puts a folder on a volume of HFS+ in an image.
func writeImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && (len(args) != 3 || args[2] != "damaged") {
		ts.Fatalf("usage: dmg PATH DIR [damaged]")
	}
	files := map[string]string{}
	for name, entry := range treeOf(ts, args[1]) {
		files[name] = string(entry.Data)
	}
	b := imagetest.UDIF{Sign: func(data, trailer []byte) []byte {
		return machotest.Signature{Identifier: "Acme"}.ForImage(trailer).Bytes(data)
	}}.Write(imagetest.HFSDisk(files))
	if len(args) == 3 {
		b[len(b)-512+90] ^= 1 // of the checksum of the contents, in the trailer
	}
	write(ts, args[0], b)
}

// writePackage packs a component package as pkgbuild does.
func writePackage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && (len(args) != 3 || args[2] != "signed") {
		ts.Fatalf("usage: installer PATH DIR [signed]")
	}
	files := archivetest.Files{"PackageInfo": `<pkg-info identifier="com.acme.app" version="1.0"/>`}
	for _, part := range []string{"Payload", "Scripts"} {
		dir := filepath.Join(ts.MkAbs(args[1]), part)
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		content := archivetest.Files{}
		for name, entry := range treeOf(ts, filepath.Join(args[1], part)) {
			content[name] = entry.Data
		}
		files[part] = string(archivetest.Gzip(archivetest.Cpio(content, false)))
	}
	var s *archivetest.Signatures
	if len(args) == 3 {
		by := machotest.NewInstallerPKI().Installer
		s = &archivetest.Signatures{
			CMS: machotest.CMS{Signer: by}.Detached, RSA: by.SignSum, SHA256: true,
			CMSCertificates: by.Chain(), RSACertificates: by.Chain(),
		}
	}
	write(ts, args[0], archivetest.Xar(files, s))
}
