package main

import (
	"context"
	"fmt"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

func main() {
	ctx, clients := context.Background(), accounts.NewManager(memory.New(), nil)
	contact := accounts.Contact{Name: "Mario Rossi"}
	mario, err := clients.Create(ctx, accounts.New{Login: "mario", Password: "correct horse", Contact: contact})
	fmt.Println(mario.Status(), err) // active <nil>
	_, _ = clients.Suspend(ctx, []accounts.ID{mario.ID}, accounts.Hold{Cause: "billing", Message: "Please pay."})
	_, err = clients.Authenticate(ctx, "mario", "correct horse")
	fmt.Println(err) // clientele: the account is suspended
}
