// Prints for each input URL whether Go's HTTP client uses a proxy.
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		request, err := http.NewRequest("GET", lines.Text(), nil)
		if err != nil {
			panic(err)
		}
		proxy, err := http.ProxyFromEnvironment(request)
		if err != nil {
			panic(err)
		}
		fmt.Println(proxy != nil)
	}
}
