"""How question answering learns: a network, or a pipeline around a fusion estimator.

`_question_answering.py` is the estimator; this is the half that users do not see.
"""

from dataclasses import replace

import numpy as np
from scipy.special import softmax
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_random_state

from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.compose import DualEncoder
from itm_sklearn.generation._looking import LookingMixin
from itm_sklearn.generation._vocabulary import WordVocabulary, longest

__all__ = ["AnswerTrainingMixin"]

# Questions from which threads are worth their start.
_ENOUGH_TO_SHARE = 2000
# Questions about an image in a batch, where there are as many: it is looked at once.
_TOGETHER = 4


class AnswerTrainingMixin(LookingMixin, TrainingMixin):
    """Mixin with all that happens in `fit`, and the probabilities that follow."""

    _texts_are = "questions"

    def _check_text(self):
        require("torch", extra="deep", caller="VisualQuestionAnswering")
        if self.text != "words":
            raise ValueError(
                f"text={self.text!r} is for a fusion estimator; fusion={self.fusion!r} "
                "learns its words itself: leave text='words'."
            )

    def _fit_pipeline(self, pairs, targets):
        parts = {"image": self.image, "text": self.text}
        for name, part in parts.items():
            if not hasattr(part, "transform"):
                raise ValueError(
                    f"{name}={part!r} goes with fusion='cross_attention' and the like. "
                    f"With an estimator as fusion, {name} must be a transformer."
                )
        self.pipeline_ = make_pipeline(
            DualEncoder(clone(self.image), clone(self.text)),
            clone(self.fusion),
            LogisticRegression(max_iter=1000),
        ).fit(pairs, targets.argmax(axis=1))

    def _train(self, pairs, targets):
        from itm_sklearn._torch._answers import answer_loss
        from itm_sklearn._torch._arrays import to_arrays
        from itm_sklearn._torch._device import pick_precision
        from itm_sklearn._torch._train import train

        self._check_text()
        tokens = self._learn_words(pairs.texts)
        self._frozen = self._fit_encoder(pairs.images)
        view = self._load_view(pairs.images)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        network = self._first_network(view, seed)
        dtype = pick_precision(self.precision, next(network.parameters()).device)
        record = train(
            network,
            pairs.image_index,
            answer_loss(network, view, tokens, pairs.image_index, targets, dtype),
            self._recipe(len(pairs)),
            seed=seed,
            n_threads=1 if len(pairs) < _ENOUGH_TO_SHARE else None,
            verbose=self.verbose,
        )
        self.weights_ = to_arrays(network)
        self.loss_curve_, self.n_iter_ = record.losses, record.best_iter

    def _recipe(self, n_pairs):
        return replace(super()._recipe(n_pairs), together=_TOGETHER)

    def _learn_words(self, questions):
        """Tokens of each question."""
        self.vocabulary_ = WordVocabulary.learn(questions)
        tokens = self.vocabulary_.encode(questions)
        self.max_length_ = longest(tokens)
        return tokens

    def _first_network(self, view, seed):
        """The network with the weights that a seed draws."""
        from itm_sklearn._torch._device import pick_device, seeded

        with seeded(seed):
            self.grid_shape_ = self._find_grid_shape(view)
            network = self._make_network()
        return network.to(pick_device(self.device))

    def _make_decoder(self):
        """What stands behind the regions: the network that answers."""
        from itm_sklearn._torch._answers import Answerer

        return Answerer(
            len(self.vocabulary_),
            self.n_components,
            len(self.classes_),
            self.fusion,
            n_layers=self.n_layers,
            dropout=self.dropout,
            max_length=self.max_length_ + 1,
        )

    def _network_proba(self, pairs):
        from itm_sklearn._torch._answers import answer_scores

        view, tokens = self._load_view(pairs.images), self._encode_texts(pairs.texts)
        scores = answer_scores(self._load_network(), view, tokens, pairs.image_index)
        return softmax(scores, axis=1)

    def _pipeline_proba(self, pairs):
        """Probabilities, also of answers that nobody gave most often."""
        probabilities = np.zeros((len(pairs), len(self.classes_)))
        columns = self.pipeline_[-1].classes_
        probabilities[:, columns] = self.pipeline_.predict_proba(pairs)
        return probabilities
