"""Files of trainings: checkpoints, models, and how a training was put together."""
