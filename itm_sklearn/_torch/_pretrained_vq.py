"""A pretrained autoencoder with a codebook, with the interface of `VQNetwork`."""

import json
from pathlib import Path

import torch
from torch import nn

from itm_sklearn._torch._guard import import_guarded
from itm_sklearn._torch._weights import find_checkpoint

__all__ = ["PretrainedVQ", "read_vq"]

_CALLER = "VQVAE"


class PretrainedVQ(nn.Module):
    """A ``VQModel`` of diffusers.

    Parameters
    ----------
    config : dict
        Its settings.
    image_size : int
        Width and height of the pictures.
    """

    def __init__(self, config, image_size):
        super().__init__()
        # What imports transformers has to come in by the guarded door.
        import_guarded("transformers", caller=_CALLER)
        diffusers = import_guarded("diffusers", caller=_CALLER, extra="draw")
        self.model = diffusers.VQModel.from_config(config)
        n_halvings = len(self.model.config.block_out_channels) - 1
        self.side = image_size // 2**n_halvings
        self.n_places = self.side**2
        self.n_codes = self.model.config.num_vq_embeddings

    def encode(self, pictures):
        """Codes of a batch of pictures between 0 and 1, (n, n_places)."""
        vectors = self.model.encode(2 * pictures - 1).latents
        codes = self.model.quantize(vectors)[2][2]
        return codes.view(len(pictures), -1)

    def decode(self, codes):
        """Pictures between 0 and 1 of a batch of codes."""
        vectors = self.model.quantize.embedding(codes).transpose(1, 2)
        vectors = vectors.unflatten(2, (self.side, self.side))
        painted = self.model.decode(vectors, force_not_quantize=True).sample
        return (painted / 2 + 0.5).clamp(0, 1)

    def codebook(self):
        """The vectors of the codes, in their order."""
        return self.model.quantize.embedding.weight


def read_vq(name, image_size):
    """Settings and network of a checkpoint: a directory or a hub's name."""
    folder = find_checkpoint(name, caller=_CALLER)
    config = json.loads(Path(folder, "config.json").read_text("utf8"))
    if config.get("_class_name") != "VQModel":
        raise ValueError(
            f"pretrained={str(name)!r} holds a {config.get('_class_name')!r}, but a "
            "'VQModel' is needed: its images are made of codes."
        )
    network = PretrainedVQ(config, image_size)
    kept = type(network.model).from_pretrained(
        folder, local_files_only=True, torch_dtype=torch.float32
    )
    network.model.load_state_dict(kept.state_dict())
    return config, network.eval()
