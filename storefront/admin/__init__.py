"""Where merchants run the shop: guarded pages that call the same verbs as everybody else."""


def load_user(user_id: str):
    """The member of staff of a session id; None once they are gone."""
    return None
