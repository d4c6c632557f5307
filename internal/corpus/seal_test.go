//go:build corpus

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

// sealedBundles is what is known of the seals in the corpus: each bundle is as it was
// sealed but for what is said of it. Packages of npm have no links, so no bundle
// has a link or, what would need one, nested code that is signed on its own.
var sealedBundles = map[string][]string{
	"detox-recorder@1.0.151: package/DetoxRecorder.framework":                                          {"6 files"},
	"detox-recorder@1.0.151: package/DetoxRecorder.framework/Frameworks/DTXSocketConnection.framework": {"0 files"},
	"node-notifier@1.2.1: package/vendor/terminal-notifier.app": {
		"4 files, 4 by SHA-1 alone",
		"weak-envelope Contents/_CodeSignature/CodeResources", // signed on OS X 10.8, in 2013
	},
	"nodejs-mobile-react-native@18.20.4: package/ios/NodeMobile.xcframework/ios-arm64_x86_64-simulator/NodeMobile.framework": {"2 files"},

	// The code of these is not signed at all.
	"node-notifier@10.0.1: package/vendor/mac.noindex/terminal-notifier.app": {
		"0 files", "no-seal Contents/_CodeSignature/CodeResources",
	},
	"nodejs-mobile-react-native@18.20.4: package/ios/NodeMobile.xcframework/ios-arm64/NodeMobile.framework": {
		"0 files", "no-seal _CodeSignature/CodeResources",
	},
}

func TestEveryBundleIsAsItWasSealed(t *testing.T) {
	c := open(t)
	got := map[string][]string{}
	c.bundles(t, func(name string, b *artifact.Bundle) {
		r := seal.Verify(context.Background(), b, b.Main())
		line := fmt.Sprintf("%d files", r.Files)
		if r.SHA1 > 0 {
			line += fmt.Sprintf(", %d by SHA-1 alone", r.SHA1)
		}
		got[name] = append(got[name], line)
		for _, p := range r.Problems {
			got[name] = append(got[name], string(p.Kind)+" "+p.Path)
		}
		if len(r.Nested)+len(r.Flattened)+r.More > 0 {
			t.Errorf("%s: %v, %v, %d more", name, r.Nested, r.Flattened, r.More)
		}
	})
	if diff := cmp.Diff(sealedBundles, got); diff != "" {
		t.Errorf("(-known +found):\n%s", diff)
	}
}

// bundles calls do for each bundle that has a main executable.
func (c corpus) bundles(t *testing.T, do func(name string, b *artifact.Bundle)) {
	t.Helper()
	for _, p := range c.packages {
		for item, problem := range artifact.Walk(t.Context(), c.folder(p)) {
			if problem != nil {
				t.Error(problem.Path, problem.Err)
				continue
			}
			if item.Main {
				rel, err := filepath.Rel(c.folder(p), item.Bundle.Path)
				if err != nil {
					t.Fatal(err)
				}
				do(p.Spec()+": "+filepath.ToSlash(rel), item.Bundle)
			}
			if err := item.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// The sealer of the tests writes what codesign wrote, byte for byte.
func TestSealerAgreesWithCodesign(t *testing.T) {
	c := open(t)
	agree := 0
	c.bundles(t, func(name string, b *artifact.Bundle) {
		s := machotest.Sealer{Flat: true, Executable: b.Main()}
		support := b.Path
		if b.Kind == "app" {
			support = path.Join(b.Path, "Contents")
			s = machotest.Sealer{Version1: true, Executable: path.Join("MacOS", path.Base(b.Main()))}
		}
		want, err := os.ReadFile(filepath.Join(support, "_CodeSignature", "CodeResources"))
		if err != nil {
			return // see sealedBundles
		}
		if got := s.CodeResources(os.DirFS(support)); !bytes.Equal(want, got) {
			t.Errorf("%s (-codesign +sealer):\n%s", name, cmp.Diff(string(want), string(got)))
			return
		}
		agree++
	})
	if agree == 0 {
		t.Error("no seal was compared")
	}
	t.Logf("%d seals agree", agree)
}
