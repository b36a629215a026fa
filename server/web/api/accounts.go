package api

import (
	"context"

	"tandem/center"
	"tandem/center/shape"
)

// FolderRequest says how the folders of an account are kept in step.
type FolderRequest struct {
	Under string `json:"under,omitempty" doc:"the beginning of the names of its folders in the hub; absent: chosen"`
}

// Folder is a folder of an account.
type Folder struct {
	Path string `json:"path" doc:"at the place"`
	Home string `json:"home" doc:"the mail folder of the hub; empty: it was removed"`
	Role string `json:"role,omitempty"`
	Item string `json:"item"`
	Held string `json:"held,omitempty" doc:"what waits for an answer"`
	When string `json:"when,omitempty" doc:"when the account is kept in step; absent: whenever something changes"`
}

func (a *API) addAccounts() {
	const tag = "accounts"
	do(a, op{id: "follow-folders", method: "PUT", path: "/api/partners/{name}/folders", tag: tag, summary: "Keep all folders of a partner that is a mail account in step"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body FolderRequest
	}) error {
		return s.FollowFolders(ctx, center.Follow{Partner: in.Name, Under: in.Body.Under})
	})
	get(a, op{id: "folders", method: "GET", path: "/api/partners/{name}/folders", tag: tag, summary: "How the folders of an account stand"}, func(ctx context.Context, s center.Service, in *Named) ([]Folder, error) {
		all, err := s.Folders(ctx, in.Name)
		return shape.List(all, func(f center.FolderStatus) Folder { return Folder(f) }), err
	})
	do(a, op{id: "answer-folders", method: "POST", path: "/api/partners/{name}/folders/answer", tag: tag, summary: "Answer what was held: remove the folders on the other side, too, or put them back"},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body struct {
				Restore bool `json:"restore" doc:"put them back where they were removed"`
			}
		}) error {
			return s.AnswerFolders(ctx, in.Name, in.Body.Restore)
		})
	do(a, op{id: "set-folders", method: "PATCH", path: "/api/partners/{name}/folders", tag: tag, summary: "Say when the folders of an account, and the messages in them, are kept in step",
		about: "A folder whose item has a schedule of its own follows that."},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body struct {
				When string `json:"when" doc:"as for a sync item: \"at 02:30; not metered\"; empty: whenever something changes"`
			}
		}) error {
			return s.SetFolders(ctx, in.Name, in.Body.When)
		})
	do(a, op{id: "unfollow-folders", method: "DELETE", path: "/api/partners/{name}/folders", tag: tag, summary: "No longer keep an account's folders in step; they stay where they are, on both sides"},
		func(ctx context.Context, s center.Service, in *Named) error { return s.UnfollowFolders(ctx, in.Name) })
}
