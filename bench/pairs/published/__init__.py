"""Published: models that keras.applications and timm both have."""
