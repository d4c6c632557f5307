package hfs

import ("testing";"os";"fmt";"io";"bytes";"time";"crypto/sha256"
"github.com/codewarrant/codewarrant/internal/udif")

func TestRealX(t *testing.T) {
	for _,f := range []string{"/work/shared/corpus/images/SparkleTestCodeSignApp.dmg","/work/shared/corpus/images/dummy.dmg"} {
		b,_ := os.ReadFile(f)
		s := time.Now()
		i,err := udif.Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil { t.Fatal(err) }
		ps,_ := udif.Partitions(i, i.Size())
		p := ps[0]
		v,err := Open(io.NewSectionReader(i,p.Offset,p.Size), p.Size)
		if err != nil { t.Fatal(err) }
		fmt.Printf("%q %v %v %v\n", v.Name, v.Extended, v.CaseSensitive, v.Problems)
		n:=0
		var total int64
		for f,err := range v.Walk() {
			if err != nil { fmt.Println(f.Path, err); continue }
			n++
			if f.Err != nil { fmt.Println(f.Path, f.Err) }
			if f.Mode.IsRegular() { r,size,err := v.Open(f.Entry); if err!=nil {t.Error(err);continue}; d,err := io.ReadAll(io.NewSectionReader(r,0,size)); if err!=nil||int64(len(d))!=f.Size {t.Error(f.Path,err,len(d),f.Size)}; total+=size; if bytes.Contains([]byte(f.Path),[]byte("MacOS/")) { fmt.Printf("%x %s\n", sha256.Sum256(d), f.Path)} 
			} else if !f.Mode.IsDir() { l,err := v.Readlink(f.Entry); if n<60 {fmt.Println(f.Path,f.Mode,l,err)} }
		}
		fmt.Println(n, total, time.Since(s))
	}
}
